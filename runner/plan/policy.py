"""What a run may not do: spend over its budget, spend an unknown amount under a budget, change a lock given --locked."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from runner.errors import PolicyError
from runner.plan.finishing import is_as_locked, known_output
from runner.records.plan import Verb
from runner.records.reasons import EditedOutput, ForeignOutput, FreeAudioMissing, PaymentUnknown

if TYPE_CHECKING:
    from decimal import Decimal

    from runner.records.plan import Action, Plan


def least(*limits: Decimal | None) -> Decimal | None:
    """Return the lowest limit in USD that was set; None when none was."""
    return min((limit for limit in limits if limit is not None), default=None)


def refuse_cost(todo: Plan, budget: Decimal | None) -> None:
    """Raise PolicyError for a plan whose worst-case price is over the budget in USD, or unknown while one is set."""
    if budget is None:
        return
    unpriced = [action.request for action in todo.actions if action.cost.worst is None]
    unknown = [request.job for request in unpriced if not request.price.usd]
    endless = [request for request in unpriced if request.price.usd]
    if endless:
        first = endless[0]
        rate = f"{{{first.model.id}: {{per_minute: {first.price.usd}, max_minutes: 5}}}}"
        raise PolicyError(
            f"cannot enforce the budget of {_usd(budget)}: {_some([request.job for request in endless])} "
            f"{'has' if len(endless) == 1 else 'have'} no maximum length, so the worst-case price is unknown",
            help=f"set max_minutes under `prices:`, {rate}, or set a duration where the model takes one",
        )
    if unknown:
        raise PolicyError(
            f"cannot enforce the budget of {_usd(budget)}: the price of {_some(unknown)} is unknown",
            help="write the price under `prices:` in the pipeline, or run without a budget; "
            "a price of 0 counts only in the model files that come with Scorefile",
        )
    if todo.worst is not None and todo.worst > budget:
        raise PolicyError(
            f"this run may cost {_usd(todo.worst)}, which is over the budget of {_usd(budget)}",
            help="name fewer jobs, or raise `budget` or --max-cost",
        )


def out_of_date(todo: Plan) -> tuple[Action, ...]:
    """Return the actions that would change the lock, or have a provider make something.

    Audio that is only missing here does not: it is restored as the lock says, or the run reports that it cannot be.
    """
    return tuple(action for action in todo.actions if not _keeps_lock(action))


def broken(todo: Plan) -> tuple[Action, ...]:
    """Return the actions that a person has to decide before a run can go on: making more does not help them.

    Audio that is not on this machine is not among them: the lock is right without it.
    """
    return tuple(
        action
        for action in (*todo.actions, *todo.collect)
        if action.verb is Verb.BLOCKED and isinstance(action.reason, PaymentUnknown | EditedOutput | ForeignOutput)
    )


def _keeps_lock(action: Action) -> bool:
    match action.verb:
        case Verb.REUSE:
            return True
        case Verb.BLOCKED:
            return not action.changes
        case Verb.RESTORE | Verb.MASTER | Verb.RESUME:
            return _is_as_locked(action)
        case Verb.GENERATE | Verb.REGENERATE:
            return (
                isinstance(action.reason, FreeAudioMissing) and action.request.model.runs_here and _is_as_locked(action)
            )
    assert_never(action.verb)


def _is_as_locked(action: Action) -> bool:
    """Say whether the lock has the entry of an action under its job, with this take at this output."""
    request, chosen = action.request, action.chosen
    return (
        chosen is not None and chosen.entry.job == request.job and is_as_locked(chosen, known_output(request, chosen))
    )


def _usd(amount: Decimal) -> str:
    return f"${amount:,.2f}" if amount == round(amount, 2) else f"${amount}"


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"
