"""How the takes of a lock entry differ from what its request asked and its model promises.

Derived, not kept: the lock has the request and the takes, so two machines with one lock say the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.catalog.media_types import media_types_of
from runner.records.deviations import FewerTakes, OtherChannels, OtherContainer, OtherLength, Silent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from runner.records.catalog import Model
    from runner.records.deviations import Deviation
    from runner.records.lock import Entry, Take
    from runner.records.source import Json

LENGTH_TOLERANCE_S, LENGTH_TOLERANCE = 2.0, 0.25
"""How far a length may be from the one asked for, which is only a target: in seconds, or as a fraction of it."""
AUDIBLE_FROM_S = 0.5
"""Loudness is measured in blocks of 0.4 s: what is shorter has none, and need not be silent."""


def deviations(model: Model, entry: Entry) -> tuple[Deviation, ...]:
    """Return every deviation of an entry from its own request, take by take; a default that nobody asked for is none."""
    if not entry.takes:
        return ()
    asked, received = model.asked_takes(entry.request), len(entry.takes)
    fewer = (FewerTakes(asked=asked, received=received),) if received < asked else ()
    of_takes = (_of_take(model, entry.request, take, number) for number, take in enumerate(entry.takes, start=1))
    return (*fewer, *(each for found in of_takes for each in found))


def is_silent(take: Take) -> bool:
    """Say whether nothing can be heard in a take: no sample is above -60 dBFS, or no block is above -70 LUFS."""
    head = take.measured.head_silence_s
    if head is not None and head >= take.seconds:
        return True
    return take.measured.lufs is None and take.seconds >= AUDIBLE_FROM_S


def _of_take(model: Model, params: Mapping[str, Json], take: Take, number: int) -> Iterator[Deviation]:
    asked_s = model.asked_seconds(params)
    if asked_s is not None and abs(take.seconds - asked_s) > max(LENGTH_TOLERANCE_S, asked_s * LENGTH_TOLERANCE):
        yield OtherLength(take=number, asked_s=asked_s, seconds=take.seconds)
    promised = media_types_of(model, params)
    if take.media_type not in promised:
        yield OtherContainer(take=number, promised=promised, media_type=take.media_type)
    if model.channels is not None and take.channels != model.channels:
        yield OtherChannels(take=number, promised=model.channels, channels=take.channels)
    if is_silent(take):
        yield Silent(take=number, seconds=take.seconds)
