"""The rules of the house, as tests. docs/architecture.md tells why."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections import Counter
from functools import cache
from pathlib import PurePosixPath
from statistics import median
from typing import TYPE_CHECKING

import pytest

from tests.support.catalog import ROOT
from tests.support.command import environment
from tests.support.desks import posix_only

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

RUNNER = ROOT / "runner"
FILES = sorted(RUNNER.rglob("*.py"))
MOST_LINES, MEDIAN_LINES, MOST_PARAMETERS = 350, 150, 6

ROOMS: dict[str, set[str]] = {
    # the nouns, and what goes wrong
    "records": set(),
    "errors": {"records"},
    # pure: text and schemas become requests, requests become actions
    "diagnostics": {"records"},
    "pipeline": {"records", "errors", "diagnostics"},
    "catalog": {"records", "errors", "diagnostics"},
    "plan": {"records", "errors", "catalog"},
    # what touches the world
    "audio": {"records", "errors"},
    "state": {"records", "errors", "diagnostics", "catalog", "plan"},
    "provider": {"records", "errors", "audio", "state"},
    "engine": {"records", "errors", "catalog", "audio", "plan", "state", "provider"},
    "emulator": {"records", "errors", "catalog", "audio", "state"},
    # facts out: a report a verb, and a page a code
    "report": {"records", "errors", "diagnostics", "plan", "pipeline"},
    "page": {"records", "plan", "report"},
    "review": {"records", "errors", "state"},
    "explain": {"records", "report"},
    # the use cases
    "commands": {
        "records", "errors", "diagnostics", "pipeline", "catalog", "plan", "state", "provider", "engine", "emulator",
        "report", "page", "review", "explain",
    },
    # words in
    "cli": {"records", "errors", "commands", "report"},
    "__main__": {"cli"},
}  # fmt: skip
"""A room, and the rooms it may import. Read from top to bottom: a room knows only rooms above it in this table."""

CLI_ALSO = {
    "cli/complete.py": {
        "explain", "pipeline.edit.outline", "state.finding", "state.lockfile", "state.project", "state.schemas", "state.texts",
    },
    "cli/arguments.py": {"plan.selection", "state.finding"},
    "cli/live.py": {"engine.effects"},
    "cli/main.py": {"state.files.processes"},
    "cli/run.py": {"state.files.processes"},
    "cli/start.py": {"state.remembered"},
    "commands/check.py": {"audio.tasks"},
    "commands/page_audio.py": {"audio.tasks"},
    "commands/expectations.py": {"audio.tasks"},
    "commands/identify.py": {"audio.tasks"},
}  # fmt: skip
"""What the command line may import past the commands: completion reads at a key press, the rest are names and signals.

And what some commands may: a page has pictures of audio, and an input is audio."""

SUB_ROOMS = {
    "pipeline": (
        "paths",
        "yaml",
        "shape",
        "templates",
        "resolution",
        "lint",
        "edit",
    ),
    "diagnostics": (
        "codes",
        "order",
        "sensitive",
        "secrets",
        "messages",
        "collector",
        "fits",
        "violation",
        "value_errors",
        "schema_errors",
        "json_schema",
        "json_document",
    ),
    "audio": (
        "scratch",
        "probe",
        "ogg_pages",
        "encode",
        "sketch",
        "master",
        "tags",
        "pictures",
        "opus",
        "local",
        "tasks",
    ),
    "state": (
        "files",
        "finding",
        "checkpoint",
        "blobs",
        "journal",
        "lock_checksums",
        "lock_validation",
        "lock_rules",
        "lock_version_1",
        "lock_parsing",
        "lockfile",
        "lock_text",
        "lock_copies",
        "lock_writer",
        "submissions",
        "reconcile",
        "agreement",
        "hashes",
        "ledger",
        "receipt_index",
        "disk_reserve",
        "row_writer",
        "outputs",
        "placement",
        "git",
        "run_lock",
        "guards",
        "trust",
        "project",
        "neighbours",
        "texts",
        "input_files",
        "schemas",
        "remembered",
        "pace",
        "pictures",
        "store",
        "git_objects",
        "garbage",
    ),
}
"""Rooms within a room, in the order in which one may know another: only those before it."""

PURE = [
    "records",
    "errors.py",
    "diagnostics",
    "pipeline",
    "catalog",
    "plan",
    "provider/calls.py",
    "provider/echo.py",
    "provider/listing.py",
    "provider/media.py",
    "provider/protocol.py",
    "provider/responses.py",
    "provider/slots.py",
    "provider/trust.py",
    "report",
    "page",
    "engine/machine.py",
    "state/files/unchanged.py",
    "state/ledger.py",
    "state/lock_checksums.py",
    "state/lock_parsing.py",
    "state/lock_rules.py",
    "state/lock_version_1.py",
    "state/receipt_index.py",
    "state/reconcile.py",
    "state/submissions.py",
]
PURE_IMPORTS = {
    "__future__", "base64", "binascii", "bisect", "collections", "collections.abc", "contextlib", "copy", "dataclasses",
    "datetime.timedelta", "decimal", "difflib", "email.utils", "enum", "fnmatch", "fractions", "functools", "hashlib",
    "heapq", "html", "ipaddress", "itertools", "json", "math", "operator", "pathlib.PurePosixPath", "posixpath", "re", "string", "textwrap", "types",
    "typing", "unicodedata", "urllib.parse",
    "jinja2", "jmespath", "jsonschema", "msgspec", "referencing", "yaml",
}  # fmt: skip
"""What the pure rooms may import: nothing here knows a clock, a disk, a network, chance or the environment."""
FINDS_ITS_OWN_MODULES = {"pipeline/lint/__init__.py": {"pkgutil", "importlib"}}
"""A registry: it may look for the modules of its own package, and for nothing else."""
IMPURE_CALLS = {"open", "input", "print", "exec", "eval", "compile", "__import__", "breakpoint"}


@cache
def trees() -> Mapping[Path, ast.Module]:
    """Return every module, parsed."""
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in FILES}


def room(path: Path) -> str:
    first = path.relative_to(RUNNER).parts[0]
    return first.removesuffix(".py")


@cache
def imports(tree: ast.Module, *, types: bool = True) -> tuple[tuple[str, str | None, int], ...]:
    """Return (module, name, line) of every import; name is None for `import module`. `types`: also those for types alone."""
    return tuple(_imports(tree, types=types))


def _imports(tree: ast.Module, *, types: bool) -> Iterator[tuple[str, str | None, int]]:
    checks = [node for node in ast.walk(tree) if isinstance(node, ast.If) and _is_type_checking(node.test)]
    skipped = set() if types else {id(inside) for check in checks for inside in ast.walk(check)}
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name, None, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from ((node.module or "", alias.name, node.lineno) for alias in node.names)


def _is_type_checking(test: ast.expr) -> bool:
    return isinstance(test, ast.Name) and test.id == "TYPE_CHECKING"


@cache
def inner(path: Path) -> tuple[tuple[str, str, int], ...]:
    """Return (room, module, line) of every import of this package."""
    return tuple(_inner(path))


def _inner(path: Path) -> Iterator[tuple[str, str, int]]:
    for module, name, line in imports(trees()[path]):
        parts = module.split(".")
        if parts[0] == "runner":
            full = [*parts[1:], name] if name and _is_module(*parts[1:], name) else parts[1:]
            if full:
                yield full[0], ".".join(full), line


def _is_module(*parts: str) -> bool:
    place = RUNNER.joinpath(*parts)
    return place.with_suffix(".py").exists() or (place / "__init__.py").exists()


# ---------------------------------------------------------------- rooms


def test_every_room_is_in_the_table() -> None:
    assert {room(path) for path in FILES} - {"__init__"} == set(ROOMS)


@pytest.mark.parametrize("name", ROOMS)
def test_a_room_imports_only_the_rooms_below_it(name: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {module}"
        for path in FILES
        if room(path) == name
        for below, module, line in inner(path)
        if below != name and below not in ROOMS[name]
        if module not in CLI_ALSO.get(path.relative_to(RUNNER).as_posix(), ())
    ]
    assert wrong == []


@pytest.mark.parametrize("name", CLI_ALSO)
def test_what_the_command_line_may_import_beside_is_imported(name: str) -> None:
    assert CLI_ALSO[name] - {module for _, module, _ in inner(RUNNER / name)} == set()


def test_a_room_knows_only_rooms_above_it_in_the_table() -> None:
    order = list(ROOMS)
    upwards = [(name, below) for name in ROOMS for below in ROOMS[name] if order.index(below) >= order.index(name)]
    assert upwards == []


def test_rooms_that_touch_the_world_are_not_known_to_the_pure_ones() -> None:
    for name in ("pipeline", "catalog"):
        assert not ROOMS[name] & {"engine", "state", "audio", "provider", "emulator", "commands", "cli"}


def test_a_room_within_a_room_knows_only_those_before_it() -> None:
    upwards = [
        f"{path.relative_to(ROOT)}:{line} imports {module}"
        for path in FILES
        if room(path) in SUB_ROOMS and path.name != "__init__.py"
        for order in [SUB_ROOMS[room(path)]]
        for _, module, line in inner(path)
        if module.startswith(f"{room(path)}.")
        for here, there in [(path.relative_to(RUNNER).parts[1].removesuffix(".py"), module.split(".")[1])]
        if here != there and order.index(there) >= order.index(here)
    ]
    assert upwards == []


def test_the_table_of_rooms_within_rooms_names_each_there_is() -> None:
    there: dict[str, set[str]] = {name: set() for name in SUB_ROOMS}
    for path in FILES:
        if room(path) in SUB_ROOMS and path.name != "__init__.py":
            there[room(path)].add(path.relative_to(RUNNER).parts[1].removesuffix(".py"))
    assert {name: set(inside) for name, inside in SUB_ROOMS.items()} == there


def test_no_module_imports_itself_in_a_circle() -> None:
    names = {".".join(path.relative_to(RUNNER).with_suffix("").parts): path for path in FILES}
    known = {name: {module for _, module, _ in inner(path)} & set(names) - {name} for name, path in names.items()}
    while free := [name for name, below in known.items() if not below & set(known)]:
        for name in free:
            del known[name]
    assert sorted(known) == []


def test_no_packages_import_each_other_in_a_circle_at_any_level() -> None:
    circles = []
    for folder in sorted({path.parent for path in FILES}):
        prefix = ".".join(folder.relative_to(RUNNER).parts)
        known: dict[str, set[str]] = {}
        for path in FILES:
            if path.is_relative_to(folder) and path != folder / "__init__.py":
                here = path.relative_to(folder).parts[0].removesuffix(".py")
                inside = {module for _, module, _ in inner(path) if not prefix or module.startswith(f"{prefix}.")}
                there = {module.removeprefix(f"{prefix}." if prefix else "").split(".")[0] for module in inside}
                known.setdefault(here, set()).update(there - {here})
        while free := [name for name, below in known.items() if not below & set(known)]:
            for name in free:
                del known[name]
        circles += [f"{prefix}: {sorted(known)}"] if known else []
    assert circles == []


# ---------------------------------------------------------------- purity


def pure_files() -> list[Path]:
    return [path for path in FILES if any(str(path.relative_to(RUNNER)).startswith(start) for start in PURE)]


def test_a_pure_module_imports_nothing_that_touches_the_world() -> None:
    wrong = []
    for path in pure_files():
        allowed = PURE_IMPORTS | FINDS_ITS_OWN_MODULES.get(path.relative_to(RUNNER).as_posix(), set())
        for module, name, line in imports(trees()[path], types=False):
            top = module.partition(".")[0]
            if top != "runner" and not {module, top, f"{module}.{name}"} & allowed:
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports {module}{f'.{name}' if name else ''}")
    assert wrong == []


def test_a_pure_module_opens_and_prints_nothing() -> None:
    called = [
        f"{path.relative_to(ROOT)}:{node.lineno} calls {node.func.id}"
        for path in pure_files()
        for node in ast.walk(trees()[path])
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if node.func.id in IMPURE_CALLS
    ]
    assert called == []


# ---------------------------------------------------------------- systems


def test_only_the_platform_seam_asks_which_system_this_is() -> None:
    asked = {
        path.relative_to(RUNNER).as_posix()
        for path, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        if (node.value.id, node.attr) in {("sys", "platform"), ("os", "name")}
    }
    assert {name for name in asked if not name.startswith("state/files/")} == set()


def test_what_one_system_alone_has_is_in_the_platform_seam() -> None:
    known = {"fsync", "fdatasync", "link", "chmod", "kill", "getuid", "O_NOFOLLOW", "O_DIRECTORY", "posix_fallocate"}
    used = {
        f"{path.relative_to(RUNNER).as_posix()}: os.{node.attr}"
        for path, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "os"
        if node.attr in known
    }
    assert {name for name in used if not name.startswith("state/files/")} == set()


# ---------------------------------------------------------------- secrets


def test_a_key_is_revealed_in_one_module_only() -> None:
    reveals = [
        path.relative_to(RUNNER).as_posix()
        for path, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == "reveal"
    ]
    assert set(reveals) == {"provider/transport.py"}


def test_only_the_provider_room_and_the_doctor_know_keys() -> None:
    knows = {
        path.relative_to(RUNNER).as_posix()
        for path in FILES
        for _, module, _ in inner(path)
        if module == "provider.keys"
    }
    assert {name for name in knows if not name.startswith("provider/")} == {"commands/doctor.py"}


def test_one_module_speaks_to_vendors_and_one_fetches() -> None:
    speak = {
        path.relative_to(RUNNER).as_posix()
        for path in FILES
        for name, _, _ in imports(trees()[path])
        if name == "httpx"
    }
    assert speak == {
        "provider/transport.py",
        "provider/downloads.py",
        "provider/http_clients.py",
        "provider/connections.py",
    }


PRINTS = {
    "cli/show.py": "the only way out to the terminal",
    "cli/start.py": "a remembered answer is printed before anything else is loaded",
    "cli/live.py": "rich draws the table that redraws itself",
    "emulator/__main__.py": "the protocol between a rehearsal and the emulator, its child",
    "state/row_writer.py": "a receipt that no disk takes goes to standard error",
}
"""The modules that may write to a stream of this process, each with its reason."""
WRITES = {"print", "echo", "secho", "echo_via_pager", "confirm", "prompt", "Console"}
STREAMS = {"stdout", "stderr", "__stdout__", "__stderr__"}


def printing(tree: ast.Module) -> Iterator[int]:
    """Yield the line of every call that writes to the terminal: click, print, rich, the streams, descriptors 1 and 2."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        match node.func:
            case ast.Name(id="print" | "Console"):
                yield node.lineno
            case ast.Attribute(value=ast.Name(id="click"), attr=name) if name in WRITES:
                yield node.lineno
            case ast.Attribute(value=ast.Attribute(attr=stream), attr="write" | "writelines") if stream in STREAMS:
                yield node.lineno
            case ast.Attribute(value=ast.Name(id="os"), attr="write"):
                if isinstance(node.args[0], ast.Constant):
                    yield node.lineno


def test_one_module_writes_to_the_terminal() -> None:
    found = {path.relative_to(RUNNER).as_posix() for path, tree in trees().items() if any(printing(tree))}
    assert found == set(PRINTS)


@pytest.mark.parametrize(
    "text",
    [
        "click.echo('x')",
        "print('x')",
        "sys.stdout.write('x')",
        "sys.stderr.write('x')",
        "os.write(2, b'x')",
        "click.confirm('x')",
        "Console(stderr=True)",
    ],
)
def test_each_way_to_the_terminal_is_seen(text: str) -> None:
    assert list(printing(ast.parse(text))) == [1]


def test_nothing_is_asynchronous_but_the_servers() -> None:
    wrong = [
        path.relative_to(RUNNER).as_posix()
        for path, tree in trees().items()
        if room(path) not in ("emulator", "review") and path.name != "callbacks.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.AsyncFunctionDef | ast.Await)
    ]
    assert wrong == []


def test_nothing_of_the_program_imports_its_tests() -> None:
    assert not [path for path in FILES for name, _, _ in imports(trees()[path]) if name.partition(".")[0] == "tests"]


# ---------------------------------------------------------------- words and sizes


def test_a_file_is_not_longer_than_one_sitting() -> None:
    lines = {path.relative_to(ROOT): len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    assert {path: count for path, count in lines.items() if count > MOST_LINES} == {}


def test_the_median_file_is_short() -> None:
    assert median(len(path.read_text(encoding="utf-8").splitlines()) for path in FILES) < MEDIAN_LINES


def parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the parameters of a function without the object or class that it is called on."""
    named = [*node.args.posonlyargs, *node.args.args]
    bound = bool(named) and named[0].arg in ("self", "cls")
    return len(named) - bound + len(node.args.kwonlyargs)


def test_no_function_has_more_than_six_parameters() -> None:
    many = {
        f"{path.relative_to(RUNNER).as_posix()}:{node.name}"
        for path, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and parameters(node) > MOST_PARAMETERS
    }
    assert many == set()


def test_names_say_what_a_thing_is() -> None:
    empty = re.compile(r"(Manager|Handler|Helper|Base|Util|Utils|Common|Misc)$|^(Base|Abstract)[A-Z]")
    classes = {
        f"{path.name}:{node.name}"
        for path, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    assert sorted(name for name in classes if empty.search(name.partition(":")[2])) == []
    modules = {path.stem for path in FILES} | {path.parent.name for path in FILES}
    assert modules & {"utils", "util", "common", "helpers", "misc", "base", "core"} == set()


def test_records_are_frozen_slotted_and_keyword_only() -> None:
    wrong = []
    nouns = [node for path in FILES if room(path) == "records" for node in ast.walk(trees()[path])]
    for node in nouns:
        if isinstance(node, ast.ClassDef):
            flags = {word.arg for word in node.keywords}
            enum = any(isinstance(base, ast.Name) and base.id.endswith("Enum") for base in node.bases)
            if not enum and (not {"frozen", "kw_only"} <= flags or ("dict" in flags and not caches(node))):
                wrong.append(node.name)
    assert wrong == []


def caches(node: ast.ClassDef) -> bool:
    """Say whether a record keeps what it worked out of its fields, for which slots leave no place."""
    members = [item for item in node.body if isinstance(item, ast.FunctionDef)]
    return any(
        isinstance(by, ast.Name) and by.id == "cached_property" for item in members for by in item.decorator_list
    )


def test_every_module_says_what_it_is_for() -> None:
    silent = [path for path in FILES if path.name not in ("__init__.py", "__main__.py")]
    assert [path.name for path in silent if ast.get_docstring(trees()[path]) is None] == []


# ---------------------------------------------------------------- weight


WEIGHED = """
import json, sys
from runner.cli.main import call
sys.stdout = open("/dev/null", "w")
code = call(sys.argv[1:])
sys.stderr.write(json.dumps([code, sorted({name.partition(".")[0] for name, module in sys.modules.items() if module is not None})]))
"""
HEAVY = {
    "httpx",
    "jinja2",
    "jsonschema",
    "numpy",
    "av",
    "soundfile",
    "starlette",
    "uvicorn",
    "rich",
    "yaml",
}


def loaded(*words: str, cwd: Path) -> set[str]:
    child = subprocess.run(
        [sys.executable, "-c", WEIGHED, *words], cwd=cwd, env=environment(), capture_output=True, text=True, check=True
    )
    code, names = json.loads(child.stderr)
    assert code == 0
    return set(names)


ANSWERED = """
import sys
from runner.cli.start import main
try:
    main()
finally:
    sys.stderr.write(" ".join({name.partition(".")[0] for name in sys.modules}))
"""
SKETCH = (
    "{version: 1, name: a, defaults: {model: local/sketch, params: {duration: 1}}, jobs: {one: {prompt: low brass}}}"
)


@posix_only("Windows has no time of the last change, so nothing is remembered there")
def test_a_run_with_nothing_to_do_is_answered_before_anything_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "scorefile.yaml").write_text(SKETCH)
    for _ in range(40):
        command = [sys.executable, "-P", "-c", ANSWERED, "run"]
        child = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=True)
        names = set(child.stderr.split())
        if "click" not in names:
            break
    assert child.stdout == "nothing to do: 1 job up to date\n"
    assert names & (HEAVY | {"click", "json", "msgspec", "sqlite3", "filelock"}) == set()


@pytest.mark.parametrize("words", [("--help",), ("--version",), ("run", "--help"), ("plan", "--help")])
def test_help_costs_nothing(tmp_path: Path, words: tuple[str, ...]) -> None:
    assert loaded(*words, cwd=tmp_path) & HEAVY == set()


def test_validate_of_a_sound_pipeline_loads_nothing_that_only_a_wrong_one_or_a_run_needs() -> None:
    found = loaded("validate", "showcase.yaml", cwd=ROOT / "pipelines")
    assert found & ((HEAVY - {"jinja2", "yaml"}) | {"jmespath"}) == set()


def test_a_pipeline_whose_templates_only_name_values_needs_no_jinja(tmp_path: Path) -> None:
    text = SKETCH.replace("prompt: low brass", "prompt: 'brass of {{ game }} in {{ job.id }}'")
    (tmp_path / "scorefile.yaml").write_text(text.replace("name: a,", "name: a, vars: {game: Emberfall},"))
    assert loaded("validate", cwd=tmp_path) & (HEAVY - {"yaml"}) == set()


# ---------------------------------------------------------------- papers


def test_the_page_for_newcomers_names_every_room_and_every_dependency() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").lower()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    everything = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    needed = {re.split(r"[<>=~ ;\[]", text)[0].lower() for text in everything}
    assert sorted(name for name in needed if not name.startswith("types-") and name not in page) == []
    rooms = {f"{path.parent.name}/" for path in FILES if path.parent != RUNNER}
    assert sorted(name for name in rooms if name not in page) == []
    modules = {path.name for path in RUNNER.glob("*.py")} - {"__init__.py"}
    assert sorted(name for name in modules if name not in page) == []


def test_no_dependency_is_there_for_nothing() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = {re.split(r"[<>=~ ;\[]", text)[0].lower() for text in project["dependencies"]}
    tops = Counter(name.partition(".")[0] for path in FILES for name, _, _ in imports(trees()[path]))
    used = {"pyyaml" if name == "yaml" else name for name in tops}
    assert needed - used == set()
    extras = [text for name in ("dask", "listen") for text in project["optional-dependencies"][name]]
    optional = {re.split(r"[<>=~ ;\[]", text)[0] for text in extras}
    known = needed | optional | {"pyyaml", "runner"} | {name.lower() for name in sys.stdlib_module_names}
    assert {name for name in used if name.lower() not in known} == set()


# ---------------------------------------------------------------- where each module is proven

TESTS = ROOT / "tests"
SHORT = 40
"""Modules of up to so many lines need no test file of their own and no row in the table."""


def proofs() -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return (globs of modules, test files) of each row of the table in docs/architecture.md."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = page.partition("### Where each module is proven")[2].partition("\n## ")[0]
    rows = []
    for line in table.splitlines():
        if line.startswith("| `"):
            modules, proven = (re.findall(r"`([^`]+)`", cell) for cell in line.split("|")[1:3])
            rows.append((tuple(modules), tuple(_full_names(proven))))
    return rows


def _full_names(names: list[str]) -> Iterator[str]:
    """Complete names without a folder by the folder of the name before."""
    folder = ""
    for name in names:
        if "/" in name:
            folder = name.rpartition("/")[0]
        yield name if "/" in name else f"{folder}/{name}"


def is_mirrored(module: PurePosixPath) -> bool:
    return (TESTS / module.parent / f"test_{module.name}").is_file()


def test_every_module_is_proven_by_tests_of_its_name_or_by_those_in_the_table() -> None:
    globs = [glob for row, _ in proofs() for glob in row]
    unproven = [
        f"{module}: give it tests/{module.parent}/test_{module.name}, or name it in the table of docs/architecture.md"
        for path in FILES
        for module in [PurePosixPath(path.relative_to(RUNNER))]
        if len(path.read_text(encoding="utf-8").splitlines()) > SHORT
        and not is_mirrored(module)
        and not any(_is_of(module, glob) for glob in globs)
    ]
    assert unproven == []


def test_the_table_of_proofs_names_only_what_there_is() -> None:
    modules = [PurePosixPath(path.relative_to(RUNNER)) for path in FILES]
    rows = proofs()
    assert len(rows) > 10
    stale = [glob for globs, _ in rows for glob in globs if not any(_is_of(module, glob) for module in modules)]
    assert stale == []
    missing = [name for _, tests in rows for name in tests if not (ROOT / name).exists()]
    assert missing == []
    assert [globs for globs, tests in rows if not tests] == []


def _is_of(module: PurePosixPath, glob: str) -> bool:
    """Say whether a module is one that a glob names; a star stands for no slash."""
    return len(module.parts) == len(PurePosixPath(glob).parts) and module.match(glob)
