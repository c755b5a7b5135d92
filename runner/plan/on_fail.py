"""`on_fail: {reroll: N}`: a take that is not as expected is asked for again, at most N times in all for one request.

How often that was is counted in the lock, so that a run that was killed, or one on another machine, goes on with the count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.frozen import replace
from runner.plan.expectations import is_missed, judge, misses
from runner.plan.rolls import rolled, seed_of
from runner.records.lock import State
from runner.records.plan import Verb
from runner.records.reasons import NotAsExpected

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from runner.plan.claims import Claims
    from runner.records.family import NumberedTake
    from runner.records.lock import Entry, Lock
    from runner.records.plan import Action
    from runner.records.request import Request
    from runner.records.source import Json


def best(request: Request, takes: Iterable[NumberedTake]) -> NumberedTake:
    """Return the take that misses the fewest expectations of a request; of several the first one."""
    return min(
        takes, key=lambda item: (misses(request.expect, item.take, request.model, item.entry.request), item.number)
    )


def rolls_at_most(request: Request) -> int:
    """Return how often a request may be asked for again on its own: a written seed would make the same piece."""
    return 0 if request.seed_mode == "fixed" else request.rerolls


def rolls_left(request: Request, own: Entry, lock: Lock) -> int:
    """Return how often the request of this submission may still be asked for again; whatever came of a roll, it counts."""
    begun = {entry.attempt for entry in lock.jobs.get(own.job, ()) if entry.roll and entry.base == own.base}
    return max(0, rolls_at_most(request) - len(begun))


def asked_again(
    requests: Iterable[Request], actions: Iterable[Action], claims: Claims, lock: Lock, by_person: frozenset[str]
) -> Iterator[tuple[Request, Entry, NotAsExpected]]:
    """Yield a roll for each job whose take is not as expected, with the submission that it has, and why.

    `by_person` are the jobs that the command line asks for again already.
    """
    placed = {item.request.job: item.chosen for item in actions if item.verb in (Verb.REUSE, Verb.RESTORE, Verb.MASTER)}
    for request in requests:
        chosen, own = placed.get(request.job), claims.of(request)
        if not request.rerolls or chosen is None or own is None or request.job in by_person:
            continue
        roll = next_roll(request, chosen, own, claims.family(request), lock)
        if roll is not None:
            yield roll, own, NotAsExpected(roll=roll.roll, seed=seed_of(roll), left=roll.rerolls)


def next_roll(
    request: Request, chosen: NumberedTake, own: Entry, family: Iterable[Entry], lock: Lock
) -> Request | None:
    """Return the roll that a request needs, with what is left after it as its `rerolls`; None where it needs none.

    `chosen` is the take that belongs at its output, `own` the submission that it has, `family` all live ones of it. None,
    too, while an earlier roll is not finished, and where a person picked: that is a decision.
    """
    left, held = rolls_left(request, own, lock), tuple(family)
    waits = any(entry.state in {State.PENDING, State.UNKNOWN} for entry in held)
    if not left or waits or lock.rehearsal or lock.picks.get(own.job) or lock.picks.get(request.job):
        return None
    if not is_missed(judge(request.expect, chosen.take, request.model, chosen.entry.request)):
        return None
    used: frozenset[Json] = frozenset(seed for entry in held if isinstance(seed := _seed_of(entry), int))
    number = 1 + max(entry.roll for entry in lock.jobs[own.job] if entry.base == own.base)
    return replace(rolled(request, own, number, used=used), rerolls=left - 1)


def _seed_of(entry: Entry) -> Json:
    return None if entry.seed_param is None else entry.request.get(entry.seed_param)
