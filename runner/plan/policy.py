"""What a run may not do: spend over its budget, spend what nobody can tell, change a lock it was told to keep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.errors import DriftError, PolicyError
from runner.records.plan import Verb

if TYPE_CHECKING:
    from decimal import Decimal

    from runner.records.plan import Action, Plan


def least(*limits: Decimal | None) -> Decimal | None:
    """Return the lowest limit in USD that was set; None when none was."""
    return min((limit for limit in limits if limit is not None), default=None)


def refuse_cost(todo: Plan, budget: Decimal | None) -> None:
    """Raise PolicyError for a plan whose worst case passes the budget in USD, or cannot be known while there is one."""
    if budget is None:
        return
    unpriced = [action.request for action in todo.actions if action.cost.worst is None]
    unknown = [request.job for request in unpriced if not request.price.usd]
    endless = [request for request in unpriced if request.price.usd]
    if endless:
        first = endless[0]
        rate = f"{{{first.model.id}: {{per_minute: {first.price.usd}, max_minutes: 5}}}}"
        raise PolicyError(
            f"how long {_some([request.job for request in endless])} may become is unknown, and so is the worst price, "
            f"and a budget of ${budget} is set",
            help=f"write it under `prices:`, {rate}, or ask for a duration where the model takes one",
        )
    if unknown:
        raise PolicyError(
            f"the price of {_some(unknown)} is unknown and a budget of ${budget} is set",
            help="write the price under `prices:` in the pipeline, or run without a budget; "
            "a price of 0 counts only in the model files that come with Scorefile",
        )
    if todo.worst is not None and todo.worst > budget:
        raise PolicyError(
            f"the worst case of this run is ${todo.worst}, over the budget of ${budget}",
            help="name fewer jobs, or raise `budget` or --max-cost",
        )


def out_of_date(todo: Plan) -> tuple[Action, ...]:
    """Return the actions that would change the lock.

    Audio that is only missing here does not: it comes back as the lock says, or the run says that it cannot.
    """
    return tuple(action for action in todo.actions if action.verb is Verb.GENERATE or action.changes)


def refuse_change(todo: Plan) -> None:
    """Raise DriftError for a plan that would change the lock."""
    changing = out_of_date(todo)
    if changing:
        raise DriftError(
            f"the lock is out of date for {_some([action.request.job for action in changing])}",
            help="scorefile plan shows what changed; run without --locked to update it",
        )


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"
