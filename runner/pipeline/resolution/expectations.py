"""Expectations that no take of a request can meet: they contradict what it asks for, its model, or each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.diagnostics.messages import show
from runner.records.expectations import AS_ASKED, Flaw, Measure
from runner.records.music import asked_for, asked_key
from runner.records.source import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from runner.records.catalog import Model
    from runner.records.expectations import Limit
    from runner.records.pipeline import Job
    from runner.records.source import Json

_NUMBER = "write the range with a number before ±, or remove it"
_AGREE = "make the two agree"


def unmeetable(job: Job, model: Model, params: Mapping[str, Json]) -> list[Problem]:
    """Return what is wrong with the expectations of a job whose request has these parameters."""
    if not job.expect.count:
        return []
    wrong = [item for limit in job.expect.limits for item in _of_limit(job, limit, model, params)]
    wrong += [*_of_key(job, model, params), *_of_channels(job, model), *_of_silence(job, model, params), *_of_peak(job)]
    return [
        Problem(
            code="SF231",
            message=message,
            mark=job.marks.get(f"expect.{name}", job.mark),
            path=("jobs", job.name, "expect", name),
            help=remedy,
        )
        for name, message, remedy in wrong
    ]


def _of_limit(job: Job, limit: Limit, model: Model, params: Mapping[str, Json]) -> Iterator[tuple[str, str, str]]:
    if not limit.measure.is_asked:
        return
    name, asked = limit.measure.value, asked_for(limit.measure, model, params)
    if asked is None:
        if limit.around is not None and f"expect.{name}" in job.marks:  # what defaults say is for jobs that ask for one
            yield (
                name,
                f"{name} is expected {limit.text} around what the request asks for, and it asks for none",
                _NUMBER,
            )
    elif limit.around is None and not limit.holds(asked, asked):
        unit = limit.measure.unit
        yield name, f"{name} is expected {limit.text}, and the request asks for {asked:g} {unit}", _AGREE


def _of_key(job: Job, model: Model, params: Mapping[str, Json]) -> Iterator[tuple[str, str, str]]:
    expected, asked = job.expect.key, asked_key(params)
    if expected == AS_ASKED:
        if asked is None and "expect.key" in job.marks:
            yield (
                "key",
                f"key is expected as asked, and the request to {model.id} asks for none",
                "write the key itself",
            )
    elif expected is not None and asked is not None and asked != expected:
        yield "key", f"key is expected to be {expected}, and the request asks for {show(params['key'])}", _AGREE


def _of_channels(job: Job, model: Model) -> Iterator[tuple[str, str, str]]:
    if Flaw.MONO in job.expect.flaws and model.channels == 1:
        yield "not", f"mono is not expected, and {model.id} makes mono", "remove mono from `not`"


def _of_silence(job: Job, model: Model, params: Mapping[str, Json]) -> Iterator[tuple[str, str, str]]:
    """Yield silence that is expected to be as long as all of it."""
    asked = asked_for(Measure.DURATION, model, params)
    lengths = [limit.range(asked)[1] for limit in job.expect.limits if limit.measure is Measure.DURATION]
    longest = min([*lengths, *([] if asked is None or lengths else [asked])], default=float("inf"))
    for limit in job.expect.limits:
        if limit.measure in (Measure.HEAD_SILENCE, Measure.TAIL_SILENCE) and limit.range(None)[0] >= longest:
            name = limit.measure.value
            yield name, f"{name} is expected {limit.text}, and all of it is at most {longest:g} s long", _AGREE


def _of_peak(job: Job) -> Iterator[tuple[str, str, str]]:
    """Yield a peak that is expected to be below the loudness: no music is louder than its peak."""
    limits = {limit.measure: limit for limit in job.expect.limits}
    loudness, peak = limits.get(Measure.LUFS), limits.get(Measure.PEAK)
    if loudness is not None and peak is not None and loudness.range(None)[0] > peak.range(None)[1]:
        name = "peak" if "expect.peak" in job.marks else "lufs"
        yield (
            name,
            f"peak is expected {peak.text} and lufs {loudness.text}, and no piece is louder than its peak",
            _AGREE,
        )
