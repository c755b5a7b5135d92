# Two commands for a newcomer: `make demo` and `make test`. Each builds .venv by itself: `make demo` with what running needs,
# everything else also with the tools for development.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
RUN    := $(VENV)/.installed-for-running
DEV    := $(VENV)/.installed-for-development
UV     := $(shell command -v uv 2>/dev/null)
MUTMUT := 3.8.1
MUTANTS ?=
SIZE ?= full

.PHONY: demo test lint types-here types-darwin types-win32 format torture mutants bench clean
.DEFAULT_GOAL := demo

ifdef UV
create  = test -x $(BIN)/python || $(UV) venv --quiet --python $(PYTHON) $(VENV)
install = $(UV) pip install --python $(BIN)/python
else
create  = test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
# pip is silent or says a page: here it says one line for each package, and its exit code passes through a file.
install = say() { $(BIN)/python -m pip install --disable-pip-version-check --no-compile "$$@"; echo $$? > $(VENV)/.code; }; \
	lines() { while read -r verb name _; do case "$$verb $$name" in \
		"Collecting "*|"Processing "*) echo "  $${name\#\#*/}";; "Installing collected") echo "  unpacking";; esac; done; }; \
	told() { say "$$@" | lines; return "$$(cat $(VENV)/.code)"; }; told
endif

$(RUN): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Scorefile needs Python 3.11 or later; set PYTHON=/path/to/python3.11")'
	@echo "installing what running needs into $(VENV) (once)"
	@$(create)
	@$(install) --editable .
	@touch $@

$(DEV): $(RUN)
	@echo "installing the tools for development into $(VENV) (once)"
	@$(install) --editable '.[dev]'
	@touch $@

demo: $(RUN)
	@$(BIN)/scorefile run --rehearse pipelines/showcase.yaml

# Bytecode is kept whatever the machine's setting: tests start processes, and each would compile every module again.
test: $(DEV)
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 3 --dist worksteal

# The proofs that `make test` leaves out or samples (tests/support/long.py), then the harness of docs/reliability.md.
torture: $(DEV)
	@LONG_TESTS=1 PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 2 --dist worksteal -m "long or sampled"
	@$(BIN)/python -m tests.torture --kills 10000 --syscalls --damage --checkouts 5000 --checkouts-real 200

# What is changed, and by which tests it is judged: [tool.mutmut] in pyproject.toml. MUTANTS='runner.plan.*' takes a slice.
mutants: $(DEV)
	@$(install) 'mutmut==$(MUTMUT)'
	@rm -rf mutants
	@PATH="$(CURDIR)/$(BIN):$$PATH" nice -n 15 mutmut run --max-children 1 $(MUTANTS)
	@$(BIN)/mutmut results

# Beside its peers, which it installs into bench/.venv; writes bench/RESULTS.md. SIZE=tiny shows in seconds that each bench works.
bench: $(RUN)
	@$(BIN)/python -m bench --size $(SIZE)

lint: $(DEV)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(MAKE) --no-print-directory --jobs 2 types-here types-darwin types-win32

# Each needs one processor, and they share nothing.
types-here:
	@$(BIN)/mypy
types-darwin types-win32: types-%:
	@$(BIN)/mypy --platform $* --cache-dir .mypy_cache/$* -p runner

format: $(DEV)
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .

clean:
	@rm -rf $(VENV) bench/.venv build dist mutants
