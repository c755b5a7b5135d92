"""`log`: the journal's rows, in the order they were written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.report.log import LogReport

if TYPE_CHECKING:
    from runner.commands.session import Session
    from runner.records.submission import Event


def log(session: Session) -> LogReport:
    """Return the journal's rows, of the named jobs only when some are named."""
    names = session.options.wanted.names
    rows = tuple(row for row in session.events if not names or any(_is_about(row, name) for name in names))
    return LogReport(rows=rows)


def _is_about(row: Event, name: str) -> bool:
    """Say whether a row is of this job, cell, matrix, or JOB~ATTEMPT."""
    job, _, attempt = name.rpartition("~")
    return name in (row.job, row.job.split("@")[0]) or (job == row.job and row.attempt.startswith(attempt))
