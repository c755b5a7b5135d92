"""How a job ends that never came to life: it is up to date, in the way, or left out."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from runner.records.outcome import Outcome, Result
from runner.records.submission import IN_DOUBT

if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.records.lock import Entry
    from runner.records.plan import Action
    from runner.records.request import Request


def reused(action: Action) -> Outcome:
    """Nothing is to be done."""
    return Outcome(job=action.request.job, model=action.request.model.id, result=Result.REUSED, entry=action.entry)


def restored(action: Action, entry: Entry) -> Outcome:
    """A take that was there already stands at its output again."""
    request = action.request
    return Outcome(job=request.job, model=request.model.id, result=Result.RESTORED, entry=entry, message=action.reason)


def unrestored(action: Action, error: Exception) -> Outcome:
    """Something is in the way of a take that is there."""
    return Outcome(
        job=action.request.job,
        model=action.request.model.id,
        result=Result.FAILED,
        entry=action.entry,
        spent_usd=Decimal(0),
        message=str(error),
        help=getattr(error, "help", None),
    )


def blocked(action: Action, resolving: Callable[[str], str]) -> Outcome:
    """The plan says no: a doubt is held, or a person has to choose; `resolving` is the command that decides a doubt."""
    held = action.submission if action.submission and action.submission.phase in IN_DOUBT else None
    job = action.request.job
    if held is not None and action.request.output is not None:
        job = held.job  # a renamed job's doubt goes by the name under which it was submitted
    return Outcome(
        job=action.request.job,
        model=action.request.model.id,
        result=Result.FAILED if held is None else Result.UNKNOWN,
        entry=action.entry,
        spent_usd=Decimal(0) if held is None else None,
        message=action.reason,
        help=None if held is None else f"{resolving(job)} shows what is known of it, and decides it",
    )


def skipped(request: Request, message: str) -> Outcome:
    """Its turn did not come."""
    return Outcome(job=request.job, model=request.model.id, result=Result.SKIPPED, message=message)
