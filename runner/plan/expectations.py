"""What a take does not meet of what is expected of it: a function of the request and the lock, so nothing of it is kept."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, assert_never

from runner.plan.deviations import is_silent
from runner.records.expectations import AS_ASKED, Flaw, Flawed, Measure, NotMeasured, OtherKey, OutOfRange
from runner.records.music import asked_for, asked_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from runner.records.catalog import Model
    from runner.records.expectations import Expectations, Judged, Limit
    from runner.records.lock import Take
    from runner.records.source import Json


def judge(expect: Expectations, take: Take, model: Model, params: Mapping[str, Json]) -> tuple[Judged, ...]:
    """Return what a take of this model and these parameters does not meet, and what nobody knows of it."""
    unknown = unmeasured(expect, take)
    found: list[Judged] = [
        missed
        for limit in expect.limits
        if limit.measure not in unknown
        for missed in _of_limit(limit, take, model, params)
    ]
    if expect.key is not None and "key" not in unknown:
        found += _of_key(expect.key, take, params)
    found += [missed for flaw in expect.flaws if flaw not in unknown for missed in _of_flaw(flaw, take)]
    return (*found, NotMeasured(what=unknown)) if unknown else tuple(found)


def is_missed(found: Iterable[Judged]) -> bool:
    """Say whether something is known not to be as expected."""
    return any(not isinstance(item, NotMeasured) for item in found)


def misses(expect: Expectations, take: Take, model: Model, params: Mapping[str, Json]) -> int:
    """Return how many expectations a take is known not to meet."""
    return sum(not isinstance(item, NotMeasured) for item in judge(expect, take, model, params))


def unmeasured(expect: Expectations, take: Take) -> tuple[str, ...]:
    """Return what is expected, by its word in the pipeline, and was not measured of a take."""
    measured = take.measured
    limits = [limit.measure for limit in expect.limits]
    here = {Measure.DURATION, *([] if measured.lufs is None else [Measure.LUFS])}
    if measured.is_complete:
        here |= {*Measure} - {Measure.BPM}
    if measured.bpm is not None:
        here.add(Measure.BPM)
    names = [measure.value for measure in limits if measure not in here]
    names += ["key"] if expect.key is not None and measured.key is None else []
    clipped = Flaw.CLIPPED in expect.flaws and measured.clipped_samples is None
    return (*names, *([Flaw.CLIPPED.value] if clipped else []))


def _of_limit(limit: Limit, take: Take, model: Model, params: Mapping[str, Json]) -> Iterator[OutOfRange]:
    asked = asked_for(limit.measure, model, params) if limit.around else None
    value = _value(limit.measure, take)
    # Half and twice a tempo are the same beat, counted another way.
    counts = (1, 2, 0.5) if limit.measure is Measure.BPM else (1,)
    if not any(limit.holds(value * times, asked) for times in counts):
        measured = value if math.isfinite(value) else None
        yield OutOfRange(measure=limit.measure, measured=measured, allowed=limit.text, asked=asked)


def _value(measure: Measure, take: Take) -> float:
    """Return a measure of a take; what silence or shortness leaves without one is as low as it can be."""
    measured = take.measured
    match measure:
        case Measure.DURATION:
            value: float | None = take.seconds
        case Measure.LUFS:
            value = measured.lufs
        case Measure.LOUDNESS_RANGE:
            value = measured.lra_lu or 0.0
        case Measure.PEAK:
            value = measured.true_peak_dbtp
        case Measure.HEAD_SILENCE:
            value = measured.head_silence_s
        case Measure.TAIL_SILENCE:
            value = measured.tail_silence_s
        case Measure.BPM:
            value = measured.bpm
        case _:
            assert_never(measure)
    return -math.inf if value is None else value


def _of_key(expected: str, take: Take, params: Mapping[str, Json]) -> Iterator[OtherKey]:
    wanted, key = asked_key(params) if expected == AS_ASKED else expected, take.measured.key
    if wanted is not None and key is not None and key != wanted:
        yield OtherKey(measured=key, expected=wanted)


def _of_flaw(flaw: Flaw, take: Take) -> Iterator[Flawed]:
    clipped = take.measured.clipped_samples or 0
    match flaw:
        case Flaw.SILENT:
            is_flawed = is_silent(take)
        case Flaw.CLIPPED:
            is_flawed = clipped > 0
        case Flaw.MONO:
            is_flawed = take.channels == 1
        case _:
            assert_never(flaw)
    if is_flawed:
        yield Flawed(flaw=flaw, clipped_samples=clipped if flaw is Flaw.CLIPPED else 0)
