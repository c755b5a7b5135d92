"""A take is judged by the lock alone: what was measured against what is allowed; what was not measured is unknown."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest

from runner.pipeline.shape.expectations import limit_of
from runner.plan.expectations import is_missed, judge
from runner.records.expectations import (
    AS_ASKED,
    Expectations,
    Flaw,
    Flawed,
    Judged,
    Limit,
    Measure,
    NotMeasured,
    OtherKey,
    OutOfRange,
)
from runner.records.measured import Measured
from tests.support.catalog import shipped_catalog
from tests.support.made import XL, take

if TYPE_CHECKING:
    from collections.abc import Mapping

MEASURED: dict[str, Any] = {
    "codec": "pcm_s16le",
    "lufs": -16.0,
    "lra_lu": 5.0,
    "true_peak_dbtp": -1.0,
    "head_silence_s": 0.1,
    "tail_silence_s": 0.5,
    "clipped_samples": 0,
    "dc_offset": 0.0,
}


def limit(measure: Measure, text: str) -> Limit:
    found = limit_of(measure, text)
    assert isinstance(found, Limit), found
    return found


def found(expect: Expectations, params: Mapping[str, Any] = MappingProxyType({}), **over: Any) -> tuple[Judged, ...]:
    return judge(expect, take(**(MEASURED | over)), shipped_catalog().models[XL], params)


@pytest.mark.parametrize(
    ("measure", "text", "value", "holds"),
    [
        (Measure.LUFS, "-16 ± 1", -16.0, True),
        (Measure.LUFS, "-16 ± 1", -17.0, True),
        (Measure.LUFS, "-16 ± 1", -17.1, False),
        (Measure.LUFS, "-16 +- 0.3 LU", -16.3, True),
        (Measure.LUFS, "−16 LUFS ± 0.3 dB", -15.6, False),
        (Measure.PEAK, "< -1", -1.0, False),
        (Measure.PEAK, "<= -1 dBTP", -1.0, True),
        (Measure.PEAK, "≤-1", -0.9, False),
        (Measure.HEAD_SILENCE, "< 0.2 s", 0.19, True),
        (Measure.TAIL_SILENCE, "> 1", 0.5, False),
        (Measure.TAIL_SILENCE, "≥ 0.5 s", 0.5, True),
        (Measure.LOUDNESS_RANGE, "4 +/- 2 LU", 6.1, False),
        (Measure.DURATION, "60 ± 5 %", 57.0, True),
        (Measure.DURATION, "60 ± 5 %", 56.9, False),
        (Measure.BPM, "96 ± 3 %", 98.8, True),
    ],
)
def test_a_value_is_inside_a_range_or_not(measure: Measure, text: str, value: float, *, holds: bool) -> None:
    assert limit(measure, text).holds(value, None) is holds


@pytest.mark.parametrize(
    ("measure", "text", "asked", "inside"),
    [
        (Measure.DURATION, "± 0.5 s", 30.0, (29.5, 30.5)),
        (Measure.DURATION, "+-10%", 30.0, (27.0, 33.0)),
        (Measure.BPM, "±3 %", 100.0, (97.0, 103.0)),
    ],
)
def test_a_range_around_what_is_asked_moves_with_it(
    measure: Measure, text: str, asked: float, inside: tuple[float, float]
) -> None:
    assert limit(measure, text).range(asked) == inside


def test_where_nothing_is_asked_for_a_range_around_it_holds_everything() -> None:
    assert found(Expectations(limits=(limit(Measure.BPM, "± 3 %"),)), bpm=77.0) == ()


@pytest.mark.parametrize("text", ["", "-16", "about 5", "± ± 1", "1 ± 1e3", "< ", "1 ± -2", "< 1 2", "99999999999 ± 1"])
def test_what_is_no_range_is_said_to_be_none(text: str) -> None:
    assert isinstance(limit_of(Measure.LUFS, text), str)


def test_measured_against_allowed() -> None:
    expect = Expectations(
        limits=(limit(Measure.DURATION, "± 0.5 s"), limit(Measure.LUFS, "-14 ± 1"), limit(Measure.PEAK, "< -1")),
        flaws=(Flaw.SILENT, Flaw.CLIPPED, Flaw.MONO),
    )
    assert found(expect, {"duration": 20.0}, true_peak_dbtp=-1.1, lufs=-14.9) == ()
    assert found(expect, {"duration": 30.0}, clipped_samples=7, channels=1) == (
        OutOfRange(measure=Measure.DURATION, measured=20.0, allowed="± 0.5 s", asked=30.0),
        OutOfRange(measure=Measure.LUFS, measured=-16.0, allowed="-14 ± 1 LUFS"),
        OutOfRange(measure=Measure.PEAK, measured=-1.0, allowed="< -1 dBTP"),
        Flawed(flaw=Flaw.CLIPPED, clipped_samples=7),
        Flawed(flaw=Flaw.MONO),
    )


def test_silence_has_no_loudness_and_its_peak_is_below_every_other() -> None:
    silent: dict[str, Any] = {
        "lufs": None,
        "lra_lu": None,
        "true_peak_dbtp": None,
        "head_silence_s": 20.0,
        "tail_silence_s": 20.0,
    }
    expect = Expectations(limits=(limit(Measure.LUFS, "-16 ± 1"), limit(Measure.PEAK, "< -1")), flaws=(Flaw.SILENT,))
    assert found(expect, **silent) == (
        OutOfRange(measure=Measure.LUFS, measured=None, allowed="-16 ± 1 LUFS"),
        Flawed(flaw=Flaw.SILENT),
    )


def test_a_short_take_below_60_dbfs_is_silent_though_it_is_too_short_for_a_loudness() -> None:
    short: dict[str, Any] = {"seconds": 0.3, "lufs": None}
    expect = Expectations(flaws=(Flaw.SILENT,))
    assert found(expect, **short, head_silence_s=0.3) == (Flawed(flaw=Flaw.SILENT),)
    assert found(expect, **short, head_silence_s=0.0) == ()


def test_the_key_may_be_that_of_the_request() -> None:
    assert found(Expectations(key=AS_ASKED), {"key": "Bb major"}, key="A# major") == ()
    assert found(Expectations(key=AS_ASKED), {"key": "C major"}, key="A minor") == (
        OtherKey(measured="A minor", expected="C major"),
    )
    assert found(Expectations(key="D minor"), key="D minor") == ()
    assert found(Expectations(key=AS_ASKED), {}, key="D minor") == ()


def test_a_take_of_an_older_lock_is_judged_by_what_it_has_and_the_rest_is_unknown() -> None:
    expect = Expectations(
        limits=(limit(Measure.DURATION, "60 ± 1"), limit(Measure.LUFS, "-16 ± 1"), limit(Measure.PEAK, "< -1")),
        key=AS_ASKED,
        flaws=(Flaw.MONO, Flaw.CLIPPED),
    )
    older = take(lufs=-20.0)
    judged = judge(expect, older, shipped_catalog().models[XL], {})
    assert judged == (
        OutOfRange(measure=Measure.DURATION, measured=20.0, allowed="60 ± 1 s"),
        OutOfRange(measure=Measure.LUFS, measured=-20.0, allowed="-16 ± 1 LUFS"),
        NotMeasured(what=("peak", "key", "clipped")),
    )
    assert is_missed(judged)
    assert not is_missed(judged[-1:])


def test_every_measure_can_be_judged_once_it_is_measured() -> None:
    full = Measured(**MEASURED, bpm=120.0, key="C major")
    for measure in Measure:
        expect = Expectations(limits=(Limit(measure=measure, text="<", low=-1e9, high=-1e8),))
        judged = judge(
            expect, take(**{n: getattr(full, n) for n in Measured.__struct_fields__}), shipped_catalog().models[XL], {}
        )
        assert [type(item) for item in judged] == [OutOfRange], measure
