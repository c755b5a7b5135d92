"""`explain JOB`: why a job would run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.errors import UsageError
from runner.explain.job import ExplainReport

if TYPE_CHECKING:
    from runner.commands.session import Session


def explain_jobs(session: Session) -> ExplainReport:
    """Return what would be done for each named job, why, and at what cost. Raises UsageError when none is named."""
    names = session.options.wanted.names
    if not names:
        raise UsageError("explain needs a job or a code", help="scorefile explain JOB, or scorefile explain SF401")
    named = tuple(
        action
        for action in session.plan.actions
        if action.request.job in names or action.request.job.partition("@")[0] in names
    )
    return ExplainReport(actions=named)
