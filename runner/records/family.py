"""The takes of one request of a job, numbered through all its submissions.

A family are the submissions of a job that have the same base: those of the request itself, and its rolls, each a further
try with another seed. Their takes are numbered from 1: those of the newest submission of the request itself, those of each
roll in the order of the rolls, and those of the submissions of the request that a newer one replaced. Two machines with
one lock count the same. A number may shift when two locks are joined; what people chose is kept by its hash.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from runner.records.lock import Entry, Lock, Take


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberedTake:
    """One take of a family, with the entry that it belongs to. `number` counts from 1 through the family."""

    number: int
    entry: Entry
    take: Take


def family(entries: Iterable[Entry], base: str) -> tuple[NumberedTake, ...]:
    """Return the takes of those entries of one job that have this base, in their order."""
    found = [entry for entry in entries if entry.base == base and entry.takes]
    if len(found) == 1 and len(found[0].takes) == 1:  # as nearly all are
        return (NumberedTake(number=1, entry=found[0], take=found[0].takes[0]),)
    own = sorted((entry for entry in found if not entry.roll), key=lambda entry: entry.age, reverse=True)
    rolls = sorted((entry for entry in found if entry.roll), key=_in_order_of_rolls)
    ordered = ((entry, take) for entry in (*own[:1], *rolls, *own[1:]) for take in _in_order(entry))
    return tuple(
        NumberedTake(number=number, entry=entry, take=take) for number, (entry, take) in enumerate(ordered, start=1)
    )


def takes_of(lock: Lock, job: str) -> tuple[NumberedTake, ...]:
    """Return the takes of a job by the lock alone: of the family at its output, else of the one that was made last."""
    entry = lock.placed(job) or lock.made(job)
    return () if entry is None else family(lock.jobs[job], entry.base)


def _in_order_of_rolls(entry: Entry) -> tuple[int, str, str]:
    return (entry.roll, entry.receipt.submitted_at if entry.receipt else "", entry.attempt)


def _in_order(entry: Entry) -> Iterator[Take]:
    """Yield the takes of an entry as its provider counts them; what another copy has under a number that was told, last."""
    first: dict[int, Take] = {}
    for take in sorted(entry.takes, key=lambda take: take is not entry.placed):
        first.setdefault(take.number, take)
    yield from (first[number] for number in sorted(first))
    yield from (take for take in entry.takes if take is not first[take.number])
