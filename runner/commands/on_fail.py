"""Ask again for what is not as expected, in rounds after the run itself: each is planned from the lock as it is then.

A round makes one roll of each job that needs one, or puts the best take at its output. What a round begins is counted in the
lock, so a run that is killed in between loses nothing and pays for nothing twice: the next one goes on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.commands.session import WritingSession
from runner.frozen import replace
from runner.plan.on_fail import rolls_at_most
from runner.records.endings import Made
from runner.records.plan import Verb
from runner.records.reasons import NotAsExpected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from decimal import Decimal

    from runner.records.outcome import Outcome
    from runner.records.plan import Action, Plan


def without_asking_again(todo: Plan) -> Plan:
    """Return a plan without the rolls of `on_fail`: where the lock must not change, or no provider may be asked."""
    return replace(todo, actions=tuple(item for item in todo.actions if not isinstance(item.reason, NotAsExpected)))


def asked_again(
    held: WritingSession,
    todo: Plan,
    outcomes: tuple[Outcome, ...],
    *,
    budget: Decimal | None,
    perform: Callable[[WritingSession, Plan, Decimal | None], tuple[Outcome, ...]],
) -> tuple[Outcome, ...]:
    """Return the outcomes of a run with those of all rounds after it; `perform` does a plan within a budget in USD.

    The worst case of the run has room for all of it. It ends where what was spent is not known.
    """
    by_name = {outcome.name: outcome for outcome in outcomes}
    wanted = {item.request.job for item in todo.actions if rolls_at_most(item.request)}
    may_roll = {item.request.job for item in todo.actions if _is_own(item) or _has_room(item)}
    left = budget
    done = outcomes
    for _ in range(2 * max((item.request.rerolls for item in todo.actions), default=0) + 2):
        jobs = _made(done) & (wanted | may_roll)
        if not jobs:
            break
        if left is not None:
            spent = [outcome.spent_usd for outcome in done]
            if None in spent:
                break
            left -= sum(amount for amount in spent if amount is not None)
        following = _following(held, jobs, may_roll)
        if not following.actions:
            break
        done = perform(held, following, left)
        for outcome in done:
            before = by_name.get(outcome.name)
            by_name[outcome.name] = outcome if before is None else _joined(before, outcome)
    return tuple(by_name.values())


def _is_own(action: Action) -> bool:
    return isinstance(action.reason, NotAsExpected)


def _has_room(action: Action) -> bool:
    """Say whether the worst case of an action has room for the rolls of its job."""
    return action.request.rerolls > 0 and (action.verb.makes or action.verb is Verb.RESUME)


def _made(outcomes: Iterable[Outcome]) -> set[str]:
    """Return the jobs of which all that was done succeeded."""
    failed = {outcome.job for outcome in outcomes if not outcome.result.is_there}
    return {outcome.job for outcome in outcomes} - failed


def _following(held: WritingSession, jobs: set[str], may_roll: set[str]) -> Plan:
    """Return what is still to do for these jobs: the best take at the output, or a roll of those that may have one.

    A roll that the worst case of this run had no room for is for the next one to plan.
    """
    fresh = WritingSession(held, held.store)
    fresh.options = replace(
        held.options, wanted=held.wanted, failed=False, force=False, reroll=(), times=None, seed=None, saved=None
    )
    todo = fresh.plan
    actions = tuple(
        item
        for item in todo.actions
        if item.request.job in jobs
        and (item.request.job in may_roll if _is_own(item) else item.verb in (Verb.RESTORE, Verb.MASTER))
    )
    return replace(todo, actions=actions, collect=())


def _joined(before: Outcome, after: Outcome) -> Outcome:
    """Return how a job ended in two rounds: what was made first stays made, with the take that is at its output now."""
    spent = None if before.spent_usd is None or after.spent_usd is None else before.spent_usd + after.spent_usd
    ending = before.ending if isinstance(before.ending, Made) and after.result.is_there else after.ending
    return replace(after, ending=ending, spent_usd=spent)
