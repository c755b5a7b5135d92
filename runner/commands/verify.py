"""`verify`: every output against the lock, by hash."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from runner.commands.status import job_statuses
from runner.errors import DriftError, InvalidFilesError, UsageError
from runner.plan.expectations import is_missed
from runner.records.expectations import NOT_AS_EXPECTED
from runner.report.verify import VerifyReport, places_in
from runner.state.hashes import digests

if TYPE_CHECKING:
    from runner.commands.session import Session
    from runner.records.status import JobStatus


def verify(session: Session) -> VerifyReport:
    """Compare every output with the lock; each is read, whatever was known of it. Raises UsageError when there is no lock."""
    project, text = session.project, session.lock_bytes
    if text is None:
        raise UsageError(f"there is no {project.lock.name} to verify against", help="make one: scorefile run")
    statuses = job_statuses(session, {}, partial(digests, project.root))
    rows = tuple(row for row in statuses if row.entry is not None and row.entry.takes)
    shown = str(project.lock) if project.rehearsal else str(Path(project.shown).with_suffix(".lock"))
    return VerifyReport(
        name=project.name,
        rows=rows,
        files=(project.shown,),
        exit_code=_exit_code(rows),
        lost=tuple(row.job for row in rows if row.output == "missing" and not _can_come_back(session, row)),
        places=places_in(text.decode(), shown),
    )


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
