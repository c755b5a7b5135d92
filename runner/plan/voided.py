"""What people said of takes that a plan no longer places: told before a run, so that no choice ends unseen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.frozen import dataclass
from runner.records.approval import in_force

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.records.lock import Lock
    from runner.records.plan import Action, Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Voided:
    """A take that a person picked or approved for a job, and that is not the chosen one. `by` is None for a pick."""

    job: str
    sha256: str
    by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TooFew:
    """A job whose file asks for a take that is not there yet: the last one is in its place."""

    job: str
    take: int
    takes: int


def voided(todo: Plan, lock: Lock) -> tuple[Voided | TooFew, ...]:
    """Return the picks and approvals that do not apply to what a plan places, and the takes that are asked for and not there."""
    said = lock.picks.keys() | lock.approvals.keys()
    asked = (action for action in todo.actions if action.request.job in said or action.request.take > 1)
    return tuple(item for action in asked if not action.request.extra_roll for item in _of_action(action, lock))


def _of_action(action: Action, lock: Lock) -> Iterator[Voided | TooFew]:
    job, chosen = action.request.job, action.chosen
    picks = lock.chosen(job) - {None}
    here = set() if chosen is None else {chosen.take.sha256}
    known = here if chosen is None else here | {take.sha256 for take in chosen.entry.takes}
    if len(picks) == 1 and picks.isdisjoint(known):
        yield from (Voided(job=job, sha256=sha256, by=None) for sha256 in picks if sha256 is not None)
    if chosen is not None and not picks and chosen.number < action.request.take:
        yield TooFew(job=job, take=action.request.take, takes=chosen.number)
    words = in_force(lock.approvals.get(job, ()))
    if words and not any(word.sha256 in here for word in words):
        yield Voided(job=job, sha256=words[0].sha256, by=words[0].by)
