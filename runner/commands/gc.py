"""`gc`: delete what no lock, on any git ref, and no open submission names any more."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from runner.errors import RunLockedError
from runner.report.gc import GcReport
from runner.state.finding import REHEARSED
from runner.state.garbage import names_of, of_rehearsal, pictures, unwanted
from runner.state.pictures import FOLDER
from runner.state.project import pipeline_of
from runner.state.run_lock import hold

if TYPE_CHECKING:
    from pathlib import Path

    from runner.commands.session import Session
    from runner.state.garbage import Unwanted


def gc(session: Session, *, yes: bool, paid: bool) -> GcReport:
    """Find what nothing names in the state folder of a project, and delete it with `yes`; what may be paid with `paid`, too.

    No pipeline of the folder can run meanwhile. Raises RunLockedError when one does, StateError when a lock or a
    journal cannot be read: then nothing is deleted.
    """
    project, started = session.project, session.world.now().timestamp()
    top = project.state.parents[1]
    with ExitStack() as held:
        states = tuple(_folders(top / "pipelines"))
        for state in states:
            held.enter_context(hold(state, now=session.world.timestamp(), timeout_s=0.0))
        files = {state: pipeline_of(state, project) for state in states}
        folders = dict.fromkeys((project.folder, *(file.parent for file in files.values())))
        names = names_of({state: file.with_suffix(".lock") for state, file in files.items()}, folders)
        found, kept = unwanted(top / "blobs", names, before=started)
        seen = pictures(top / FOLDER, names, before=started)
        rehearsed, busy = _rehearsals(held, top, project.folder / REHEARSED, session.world.timestamp())
        report = GcReport(
            file=session.options.file,
            name=project.shown,
            found=tuple((item.kind, item.bytes) for item in (*found, *seen, *rehearsed)),
            kept=kept,
            paid=tuple(names.takes[item.path.name] for item in found if item.path.name in names.takes),
            busy=busy,
            deleted=yes,
            with_paid=paid,
        )
        if yes:
            _delete([item for item in (*found, *seen, *rehearsed) if paid or not item.kind.needs_word])
    return report


def _folders(parent: Path) -> list[Path]:
    return sorted(path for path in parent.iterdir() if path.is_dir()) if parent.is_dir() else []


def _rehearsals(held: ExitStack, top: Path, seen: Path, now: str) -> tuple[list[Unwanted], tuple[str, ...]]:
    """Return the files of all rehearsals but of those that are running, and the names of these.

    The outputs in the folder that people see come first: without the lock they would be another's files.
    """
    files: list[Unwanted] = []
    busy: list[str] = []
    for name in sorted({folder.name for parent in (seen, top / "rehearsal") for folder in _folders(parent)}):
        folder = top / "rehearsal" / name
        try:
            if folder.is_dir():
                held.enter_context(hold(folder, now=now, timeout_s=0.0))
        except RunLockedError:
            busy.append(name)
        else:
            files += (*of_rehearsal(seen / name), *of_rehearsal(folder))
    return files, tuple(busy)


def _delete(files: list[Unwanted]) -> None:
    for item in files:
        item.path.unlink(missing_ok=True)
