"""Which take of a job belongs at its output: a function of its request and the lock.

What a person picked comes first; it is kept by its hash, so it counts for the audio that was heard and for no other. Where
nobody picked, `take` counts through the family, from 1; where there are fewer takes, it is the last one. Audio that is lost
is replaced by that of the same request sent once more, where there is some. With `on_fail`, the take that misses the fewest
expectations comes before `take`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.plan.on_fail import best

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from runner.records.family import NumberedTake
    from runner.records.lock import Entry
    from runner.records.pick import Pick
    from runner.records.request import Request


def chosen(
    request: Request,
    entry: Entry,
    takes: tuple[NumberedTake, ...],
    *picks: Iterable[Pick],
    is_lost: Callable[[NumberedTake], bool],
) -> NumberedTake:
    """Return the take that belongs at the output of a request.

    `entry` is the submission that the request has, and `takes` are those of its family. `picks` are what people picked for
    the job, then for each name that it had before. `is_lost` says of a take that nobody can send its audio any more.
    """
    found = picked(takes, *picks)
    # A request that writes the very seed of a roll asks for this roll, and for no other one.
    own = tuple(item for item in takes if item.entry.attempt == entry.attempt) if entry.roll else takes
    if found is None:
        found = best(request, own) if request.rerolls and request.expect.count else own[min(request.take, len(own)) - 1]
    again = [item for item in takes if _is_same_request(item, found)]
    if again and is_lost(found):
        return next((item for item in reversed(again) if not is_lost(item)), found)
    return found


def _is_same_request(item: NumberedTake, other: NumberedTake) -> bool:
    """Say whether a take is that of the same request, sent once more."""
    if item.entry is other.entry or item.take.number != other.take.number:
        return False
    return (item.entry.roll, item.entry.fingerprint) == (other.entry.roll, other.entry.fingerprint)


def picked(takes: tuple[NumberedTake, ...], *picks: Iterable[Pick]) -> NumberedTake | None:
    """Return the take that a person picked; None where nobody did, or two picks differ and a person has to choose."""
    for made in picks:
        hashes = {pick.sha256 for pick in made}
        if hashes == {None}:
            return None
        if len(hashes) == 1:
            found = next((item for item in takes if {item.take.sha256} == hashes), None)
            if found is not None:
                return _in_place(found, takes)
    return None


def _in_place(found: NumberedTake, takes: tuple[NumberedTake, ...]) -> NumberedTake:
    """Return the take that is at the output where it is another copy of this one, which a provider sent once more."""
    placed = found.entry.placed
    if placed is None or placed.number != found.take.number:
        return found
    return next(item for item in takes if item.take is placed)
