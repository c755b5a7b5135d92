"""`verify`: every output against the lock, by hash."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from runner.commands.status import job_statuses
from runner.errors import DriftError, InvalidFilesError, NotApprovedError, UsageError
from runner.plan.approvals import Unapproved, unapproved_take
from runner.plan.expectations import is_missed
from runner.records.expectations import NOT_AS_EXPECTED
from runner.report.verify import VerifyReport, places_in
from runner.state.hashes import digests

if TYPE_CHECKING:
    from runner.commands.session import Session
    from runner.records.status import JobStatus


def verify(session: Session, *, approved: bool = False) -> VerifyReport:
    """Compare every output with the lock; each is read, whatever was known of it. Raises UsageError when there is no lock.

    `approved`: an output whose take nobody approved is reported, too.
    """
    project, text = session.project, session.lock_bytes
    if text is None:
        raise UsageError(f"there is no {project.lock.name} to verify against", help="make one: scorefile run")
    statuses = job_statuses(session, {}, partial(digests, project.root))
    rows = tuple(
        row for row in statuses if row.entry is not None and row.entry.takes and not _is_replaced(session, row)
    )
    drift = DriftError.exit_code if any(row.output != "same" for row in rows) else 0
    missing = tuple(filter(None, (_unapproved(session, row) for row in rows))) if approved else ()
    shown = str(project.lock) if project.rehearsal else str(Path(project.shown).with_suffix(".lock"))
    return VerifyReport(
        name=project.name,
        rows=rows,
        files=(project.shown,),
        exit_code=NotApprovedError.exit_code if missing or (approved and drift) else _exit_code(rows),
        unapproved=missing,
        lost=tuple(row.job for row in rows if row.output == "missing" and not _can_come_back(session, row)),
        places=places_in(text.decode(), shown),
    )


def _is_replaced(session: Session, row: JobStatus) -> bool:
    """Say whether the output of a job that left the pipeline is by now that of another job, and compared as such."""
    same = () if row.path is None else session.lock.at_path.get(row.path, ())
    newest = max(same, key=lambda entry: entry.revision, default=row.entry)
    return (
        row.entry is not None and newest is not None and newest.revision > row.entry.revision and newest.job != row.job
    )


def _unapproved(session: Session, row: JobStatus) -> Unapproved | None:
    """Return that nobody approved the take at the output of a job, or that none is there."""
    placed = None if row.entry is None else row.entry.placed
    if placed is None:
        return Unapproved(job=row.job, take=None, approved=None)
    return unapproved_take(session.lock, (row.job,), placed.sha256, row.take)


def _exit_code(rows: tuple[JobStatus, ...]) -> int:
    if any(row.output != "same" for row in rows):
        return DriftError.exit_code
    return NOT_AS_EXPECTED if any(is_missed(row.judged) for row in rows) else 0


def _can_come_back(session: Session, row: JobStatus) -> bool:
    """Say whether a run can restore a missing output without making anything new that is paid for."""
    entry = row.entry
    if entry is None or entry.output is None:
        return False
    if entry.output.sha256 in session.takes or entry.output.raw in session.takes:
        return True
    with suppress(InvalidFilesError):
        model = session.catalog.models.get(entry.model)
        if model is not None:
            polls = session.catalog.providers[model.provider].poll is not None
            return model.runs_here or (polls and entry.request_id is not None)
    return False
