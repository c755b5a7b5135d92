"""`verify`: every output against the lock, by hash."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from runner.commands.status import job_statuses
from runner.errors import DriftError, UsageError
from runner.report.verify import VerifyReport, places_in

if TYPE_CHECKING:
    from runner.commands.session import Session


def verify(session: Session) -> VerifyReport:
    """Compare every output with the lock. Raises UsageError when there is no lock."""
    project = session.project
    if not project.lock.exists():
        raise UsageError(f"there is no {project.lock.name} to verify against", help="make one: scorefile run")
    rows = tuple(row for row in job_statuses(session, {}) if row.entry is not None and row.entry.takes)
    shown = str(project.lock) if project.rehearsal else str(Path(project.shown).with_suffix(".lock"))
    return VerifyReport(
        name=project.name,
        rows=rows,
        files=(project.shown,),
        exit_code=DriftError.exit_code if any(row.output != "same" for row in rows) else 0,
        places=places_in(project.lock.read_text(encoding="utf-8"), shown),
    )
