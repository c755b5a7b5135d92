"""`status`: every job of lock, journal and pipeline, with its output and what is not finished."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.commands.expectations import judged
from runner.errors import InvalidFilesError
from runner.frozen import replace
from runner.plan.deviations import deviations
from runner.records.family import takes_of
from runner.records.status import JobStatus
from runner.report.status import StatusReport
from runner.state.garbage import store_room
from runner.state.hashes import HashMemory
from runner.state.outputs import is_lfs_pointer

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from runner.commands.session import Session
    from runner.records.catalog import Model
    from runner.records.lock import Entry, Lock
    from runner.records.status import OutputState
    from runner.records.submission import Submission


def status(session: Session) -> StatusReport:
    """Return the state of every job; with an invalid pipeline, of those in lock and journal alone."""
    requests, project = session.declared.requests if session.declared else (), session.project
    models = {request.job: request.model.id for request in requests}
    rows = job_statuses(session, models, HashMemory(project.root, project.state).digests)
    return StatusReport(lock=project.lock.name, rows=rows, store=store_room(project.blobs))


def job_statuses(
    session: Session, models: Mapping[str, str], digests: Callable[[Collection[str]], Mapping[str, str | None]]
) -> tuple[JobStatus, ...]:
    """Return one row for each job of the lock, of the unfinished submissions and of `models`, sorted.

    `digests` returns path → SHA-256 of the file there.
    """
    lock = session.lock
    unfinished: dict[str, list[Submission]] = {}
    for item in session.unfinished:
        unfinished.setdefault(item.job, []).append(item)
    jobs = sorted({*(job for job in lock.jobs if _is_shown(lock, job)), *unfinished, *models})
    entries = {job: lock.placed(job) or lock.made(job) or lock.current(job) for job in jobs}
    found = digests([entry.output.path for entry in entries.values() if entry is not None and entry.output is not None])
    missed = judged(session, entries)
    return tuple(
        replace(
            _status(session, job, entry, found, unfinished.get(job, []), models.get(job)), judged=missed.get(job, ())
        )
        for job, entry in entries.items()
    )


def _models(session: Session) -> Mapping[str, Model]:
    """Return the models of the catalog; none when a file of theirs is wrong, for then nothing is known of what they promise."""
    try:
        return session.catalog.models
    except InvalidFilesError:
        return {}


def _is_shown(lock: Lock, job: str) -> bool:
    return any(entry.receipt is not None or entry.output is not None for entry in lock.jobs[job])


def _status(
    session: Session,
    job: str,
    entry: Entry | None,
    hashes: Mapping[str, str | None],
    unfinished: list[Submission],
    model: str | None,
) -> JobStatus:
    made_by = _models(session).get(entry.model) if entry else None
    output: OutputState = "pending" if entry is not None or unfinished else "not made"
    path = None
    if entry is not None and entry.output is not None:
        path = entry.output.path
        found = hashes[path]
        output = "missing" if found is None else "same" if found == entry.output.sha256 else "changed"
        if output == "changed" and is_lfs_pointer(session.project.root / path):
            output = "pointer"
    takes = takes_of(session.lock, job)
    return JobStatus(
        job=job,
        model=entry.model if entry else unfinished[0].model if unfinished else model or "",
        entry=entry,
        output=output,
        path=path,
        take=next((item.number for item in takes if item.entry is entry and item.take is entry.placed), None),
        takes=len(takes),
        unfinished=tuple(unfinished),
        deviations=deviations(made_by, entry) if made_by and entry else (),
    )
