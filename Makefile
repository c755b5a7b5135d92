# Two commands for a newcomer: `make demo` and `make test`. Each builds .venv by itself.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
MUTMUT := 3.8.1
MUTANTS ?=

.PHONY: demo test lint format torture mutants bench clean
.DEFAULT_GOAL := demo

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Scorefile needs Python 3.11 or later; set PYTHON=/path/to/python3.11")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV) (once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $(STAMP)

demo: $(STAMP)
	@$(BIN)/scorefile run --rehearse pipelines/showcase.yaml

# Bytecode is kept whatever the machine's setting: tests start processes, and each would compile every module again.
test: $(STAMP)
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 3 --dist worksteal

# The proofs that `make test` leaves out or samples (tests/support/long.py), then the harness of docs/reliability.md.
torture: $(STAMP)
	@LONG_TESTS=1 PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 2 --dist worksteal -m "long or sampled"
	@$(BIN)/python -m tests.torture --kills 10000 --syscalls --damage --checkouts 5000 --checkouts-real 200

# What is changed, and by which tests it is judged: [tool.mutmut] in pyproject.toml. MUTANTS='runner.plan.*' takes a slice.
mutants: $(STAMP)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check 'mutmut==$(MUTMUT)'
	@rm -rf mutants
	@PATH="$(CURDIR)/$(BIN):$$PATH" nice -n 15 mutmut run --max-children 1 $(MUTANTS)
	@$(BIN)/mutmut results

bench: $(STAMP)
	@for file in bench/*.py; do echo "$$file"; $(BIN)/python $$file; done

lint: $(STAMP)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/mypy --platform darwin --cache-dir .mypy_cache/darwin -p runner
	@$(BIN)/mypy --platform win32 --cache-dir .mypy_cache/win32 -p runner

format: $(STAMP)
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .

clean:
	@rm -rf $(VENV) build dist mutants
