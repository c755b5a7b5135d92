"""Keep the answer "nothing to do" with all that it follows from, so that the same command line is answered at once."""

from __future__ import annotations

import contextlib
import importlib
import os
import stat
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from runner.frozen import dataclass
from runner.records.plan import Verb
from runner.state import remembered
from runner.state.files.mounts import is_local
from runner.state.files.seen import NUMBERS
from runner.state.files.system import moment_by
from runner.state.files.unchanged import FileStamp
from runner.state.finding import DEFAULT_FILES
from runner.state.run_lock import lock_file
from runner.state.schemas import shipped_schemas
from runner.state.trust import TrustStore

if TYPE_CHECKING:
    from array import array
    from collections.abc import Iterable, Iterator, Sequence

    from runner.commands.session import Session
    from runner.report.run import RunReport
    from runner.state.project import Project

_STARTING_NS = 5_000_000_000
"""How long before its first look at a project a program may have loaded its own files."""
_PACKAGES = ("click", "jinja2", "yaml")
"""Packages whose folder holds what this program imports: installing another version there changes the folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """A project as it was before a run read anything of it: `sections` as `remembered.compose` takes them."""

    moment_ns: int
    device: int
    sections: list[list[bytes]]
    numbers: array[int]


def watch(session: Session) -> Watch | None:
    """Look at a project before anything of it is read; None where an answer cannot be kept."""
    project = session.project
    if project.apart or session.options.saved is not None or not is_local(project.state):
        return None
    found = moment_by(lock_file(project.state))
    if found is None:
        return None
    moment_ns, device = found
    with contextlib.suppress(OSError, ValueError, OverflowError):
        sections = _sections(session)
        return Watch(moment_ns=moment_ns, device=device, sections=sections, numbers=remembered.numbers(sections))
    return None


def remember(session: Session, before: Watch, report: RunReport, *, words: Sequence[str], text: str) -> None:
    """Keep `text`, which a run with nothing to do prints for these words, if every change from now on will show."""
    todo, pipeline = report.did.plan, session.checked.pipeline
    is_done = bool(todo.actions) and all(action.verb is Verb.REUSE for action in todo.actions) and not todo.collect
    if not is_done or report.exit_code or report.findings() or not (text.isascii() and text.isprintable()):
        return
    if not remembered.PASSING.isdisjoint(pipeline.env):
        return
    with contextlib.suppress(OSError, ValueError, OverflowError):
        fixed = _sections(session)
        if fixed != before.sections or remembered.numbers(fixed) != before.numbers:
            return
        head, files, maybe, *rest = fixed
        read = {os.fsencode(path) for path in session.checked.files}
        head = [f"{text}\n".encode(), str(before.moment_ns).encode()]
        program = sorted(_program())
        files = [*program, *files, *sorted(read)]
        agreed = sorted(os.fsencode(path) for path in _agreed(session))
        sections = [head, files, [*maybe, *agreed], *rest, *_outputs(report)]
        numbers = remembered.numbers(sections)
        if not _are_settled(numbers, sections, before, program=len(program)):
            return
        data = remembered.compose(
            list(words), session.options.env, sections, numbers, pipeline=os.fsencode(session.project.file)
        )
        _write(session.project.state / remembered.NAME, data)


def _write(file: Path, data: bytes) -> None:
    """Write an answer for its owner's eyes. A torn one is none, so that it needs no other name before, and no waiting."""
    file.unlink(missing_ok=True)
    with open(file, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as opened:
        opened.write(data)


def _are_settled(numbers: array[int], sections: list[list[bytes]], before: Watch, *, program: int) -> bool:
    """Say whether every later change of a file will show in what the system says of it; the first are those of the program."""
    _, files, _, _, (_, *journal), _, *outputs = sections
    count = len(files) + len(journal) + sum(len(names) for _, *names in outputs)
    for place in range(count):
        mode, device, *rest = numbers[place * NUMBERS : (place + 1) * NUMBERS]
        is_own = place < program
        moment_ns = before.moment_ns - _STARTING_NS if is_own else before.moment_ns
        if not mode and program <= place < program + len(before.sections[1]):
            continue  # it was not there before anything was read either
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)) or not (is_own or device == before.device):
            return False
        inode, size, mtime_ns, ctime_ns = rest
        stamp = FileStamp(device, inode, size, mtime_ns, ctime_ns)
        if not inode or not stamp.is_settled(moment_ns):
            return False
    return True


def _sections(session: Session) -> list[list[bytes]]:
    """Return what an answer follows from, whatever the pipeline says."""
    project = session.project
    state = os.fsencode(project.state)
    own: tuple[Path | str, ...] = (project.file, project.lock, *_schema_files(project))
    return [
        [],
        [os.fsencode(path) for path in own],
        [*map(os.fsencode, _maybe(session))],
        [*map(os.fsencode, _plain_folders(project))],
        [state, *remembered.journal_in(state)],
        [os.fsencode(project.root)],
    ]


def _program() -> Iterator[bytes]:
    """Yield the files of this program and of the catalog that ships with it, and the folders of packages."""
    own = Path(remembered.__file__).parents[1]
    modules, rules = (
        own.rglob("*.py"),
        own / "pipeline" / "lint" / "rules",
    )  # those are found by looking into their folder
    yield from map(os.fsencode, (*modules, rules))
    yield from map(os.fsencode, _below(shipped_schemas(), ".json"))
    for name in _PACKAGES:
        module = importlib.import_module(name)
        yield os.fsencode(Path(module.__file__ or "").parents[1])


def _below(folder: Path, ending: str) -> Iterator[str]:
    for inside, _, names in os.walk(folder):
        yield inside
        yield from (f"{inside}/{name}" for name in names if name.endswith(ending))


def _schema_files(project: Project) -> Iterator[str]:
    """Yield the project's own schemas/, as far as the catalog reads it."""
    beside = project.folder / "schemas"
    yield str(beside)
    for part in ("models", "providers"):
        yield from sorted(_below(beside / part, ".json"))


def _maybe(session: Session) -> Iterator[Path]:
    """Yield what decides which pipeline is meant, and up to where it may read and write, by being there."""
    project, here = session.project, Path.cwd()
    if session.options.file is None:
        nearer = [folder for folder in (here, *here.parents) if folder.is_relative_to(project.folder)]
        yield from (folder / name for folder in nearer for name in (*DEFAULT_FILES, ".git"))
    folder = project.folder.resolve()
    for above in (folder, *folder.parents):
        yield above / ".git"
        if (above / ".git").exists():
            return


def _plain_folders(project: Project) -> Iterator[Path]:
    """Yield the folders in which no link may be, as `guards.refuse_links` has them."""
    yield from (project.state.parents[1], project.state.parent, project.state, project.blobs)
    yield from (project.blobs / "incoming", project.blobs / "quarantine")
    if project.rehearsal:
        yield from (project.root.parent, project.root)


def _agreed(session: Session) -> Iterator[Path]:
    """Yield the files that say that a person has agreed to a binding of the project."""
    folder = session.project.folder
    needed = [item for item in session.bindings(session.settings) if item.needs_word]
    for binding in needed:
        yield TrustStore(folder).folder / binding.digest(str(folder.resolve()))


def _outputs(report: RunReport) -> list[list[bytes]]:
    """Return each folder that holds outputs with their names."""
    inside: dict[str, set[str]] = defaultdict(set)
    for path in _placed(report):
        folder, _, name = path.rpartition("/")
        inside[folder or "."].add(name)
    return [[os.fsencode(part) for part in (folder, *sorted(names))] for folder, names in sorted(inside.items())]


def _placed(report: RunReport) -> Iterable[str]:
    for action in report.did.plan.actions:
        assert action.entry is not None, "nothing is reused without an entry"
        assert action.entry.output is not None, "nothing is reused that was never placed"
        yield action.entry.output.path
