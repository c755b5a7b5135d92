"""The other pipelines of a folder and of a state folder: an id is the receipt of one submission in all of them."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from runner.errors import StateError
from runner.records.lock import Lock
from runner.state.guards import refuse_links
from runner.state.journal import read_events
from runner.state.lockfile import read_lock
from runner.state.receipt_index import ReceiptIndex
from runner.state.reconcile import Reconciled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from runner.records.submission import Event
    from runner.state.project import Project


def pipeline_that_holds(project: Project, provider: str, request_id: str, *, attempt: str) -> str | None:
    """Return the name of another pipeline of which an id of this provider is a receipt, unless it is that of `attempt`.

    Locks and journals that cannot be read are passed over: their own pipeline says what is wrong with them.
    """
    for name in sorted(set(_names(project)) - {project.name}):
        known = Reconciled(_lock(project, name), _events(project, name))
        index = ReceiptIndex(known.submissions.values())
        if index.is_held_by_another(provider, request_id, attempt):
            return name
    return None


def pipelines_that_are_gone(project: Project) -> Iterator[tuple[str, Lock]]:
    """Yield the name of each pipeline of this folder whose file is gone, and what its lock and its journal know."""
    for name in sorted(set(_names(project)) - {project.name}):
        if not any(project.file.with_name(f"{name}{ending}").exists() for ending in (".yaml", ".yml")):
            yield name, Reconciled(_lock(project, name), _events(project, name)).lock


def _names(project: Project) -> Iterator[str]:
    for folder in project.run_folders:
        with suppress(OSError):
            yield from (path.name for path in folder.parent.iterdir())
    with suppress(OSError):
        yield from (path.stem for path in project.lock.parent.glob("*.lock"))


def _lock(project: Project, name: str) -> Lock:
    path = _beside(project.lock, project, name)
    try:
        return read_lock(path, rehearsal=project.rehearsal)
    except StateError:
        return Lock(rehearsal=project.rehearsal)


def _events(project: Project, name: str) -> tuple[Event, ...]:
    found: list[Event] = []
    for folder in project.run_folders:
        state = folder.with_name(name)
        with suppress(StateError):
            refuse_links(
                project.folder,
                lock=_beside(project.lock, project, name),
                state=state,
                blobs=project.blobs,
                root=project.root,
            )
            found += read_events(state / project.journal.name)
    return tuple(found)


def _beside(lock: Path, project: Project, name: str) -> Path:
    """Return the lock of another pipeline: beside this one's, or in a rehearsal's own folder."""
    folder = lock.parent.with_name(name) if project.rehearsal else lock.parent
    return folder / f"{name}{lock.suffix}"
