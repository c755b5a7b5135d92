"""`status`: every job of lock, journal and pipeline, with its output and what is not finished."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.errors import InvalidFilesError
from runner.plan.deviations import deviations
from runner.plan.pending import without_healed
from runner.records.status import JobStatus
from runner.records.submission import UNSETTLED
from runner.report.status import StatusReport
from runner.state.files.folder import digest
from runner.state.outputs import is_lfs_pointer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.commands.session import Session
    from runner.records.catalog import Model
    from runner.records.lock import Entry
    from runner.records.status import OutputState
    from runner.records.submission import Submission


def status(session: Session) -> StatusReport:
    """Return the state of every job; with an invalid pipeline, of those in lock and journal alone."""
    requests = session.declared.requests if session.declared else ()
    return StatusReport(
        lock=session.project.lock.name,
        rows=job_statuses(session, {request.job: request.model.id for request in requests}),
    )


def job_statuses(session: Session, models: dict[str, str]) -> tuple[JobStatus, ...]:
    """Return one row for each job of the lock, of the journal's unfinished submissions and of `models`, sorted."""
    unfinished: dict[str, list[Submission]] = {}
    for item in without_healed(session.submissions, session.lock, is_back=lambda entry: _is_here(session, entry)):
        if item.phase in UNSETTLED:
            unfinished.setdefault(item.job, []).append(item)
    jobs, lock = sorted({*session.lock.jobs, *unfinished, *models}), session.lock.jobs
    return tuple(_status(session, job, lock.get(job), unfinished.get(job, []), models.get(job)) for job in jobs)


def _models(session: Session) -> Mapping[str, Model]:
    """Return the models of the catalog; none when a file of theirs is wrong, for then nothing is known of what they promise."""
    try:
        return session.catalog.models
    except InvalidFilesError:
        return {}


def _is_here(session: Session, entry: Entry) -> bool:
    """Say whether the chosen take of an entry is at its output or in the store."""
    take = entry.chosen(entry.take)
    placed = take.path is not None and digest(session.project.root / take.path) == take.sha256
    return placed or take.sha256 in session.takes


def _status(
    session: Session, job: str, entry: Entry | None, unfinished: list[Submission], model: str | None
) -> JobStatus:
    made_by = _models(session).get(entry.model) if entry else None
    placed = next((take for take in entry.takes if take.path), None) if entry else None
    output: OutputState = "pending" if entry is not None or unfinished else "not made"
    path = None
    if placed is not None and placed.path is not None:
        path, found = placed.path, digest(session.project.root / placed.path)
        output = "missing" if found is None else "same" if found == placed.sha256 else "changed"
        if output == "changed" and is_lfs_pointer(session.project.root / path):
            output = "pointer"
    return JobStatus(
        job=job,
        model=entry.model if entry else unfinished[0].model if unfinished else model or "",
        entry=entry,
        output=output,
        path=path,
        unfinished=tuple(unfinished),
        deviations=deviations(made_by, entry) if made_by and entry else (),
    )
