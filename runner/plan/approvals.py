"""Which outputs a person has approved as they are: an approval is of the hash of a take, so any other take needs its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.frozen import dataclass
from runner.records.approval import in_force
from runner.records.plan import Verb

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.records.approval import Approval
    from runner.records.lock import Lock
    from runner.records.plan import Action, Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Unapproved:
    """A job whose output nobody approved. `take` is None where it is not made, or not here, as the file says now."""

    job: str
    take: int | None
    approved: Approval | None
    """The last approval of another take."""


def unapproved(todo: Plan, lock: Lock) -> tuple[Unapproved, ...]:
    """Return every job of a plan whose chosen take is not approved, or cannot be put in its place from what is here."""
    found = (_of_action(action, lock) for action in todo.actions)
    return tuple(item for item in found if item is not None)


def unapproved_take(lock: Lock, jobs: Iterable[str], sha256: str, number: int | None) -> Unapproved | None:
    """Return that a take is not approved, None when it is; `jobs` are the names of its job, the one of today first."""
    names = tuple(jobs)
    if any(lock.approval(job, sha256) for job in names):
        return None
    return Unapproved(job=names[0], take=number, approved=_last(lock, names))


def _of_action(action: Action, lock: Lock) -> Unapproved | None:
    chosen, job = action.chosen, action.request.job
    if chosen is None or action.verb not in (Verb.REUSE, Verb.RESTORE, Verb.MASTER):
        return Unapproved(job=job, take=None, approved=_last(lock, (job,)))
    return unapproved_take(lock, (job, chosen.entry.job), chosen.take.sha256, chosen.number)


def _last(lock: Lock, jobs: Iterable[str]) -> Approval | None:
    held = (word for job in jobs for word in in_force(lock.approvals.get(job, ())))
    return next(held, None)
