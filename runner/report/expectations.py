"""What is expected of a take and what it does not meet, as sentences and as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from msgspec.structs import asdict

from runner.records import expectations as e
from runner.report.numbers import count
from runner.report.reasons import name_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.records.source import Json

_NAMES = {
    e.Measure.DURATION: "length",
    e.Measure.LUFS: "loudness",
    e.Measure.LOUDNESS_RANGE: "loudness range",
    e.Measure.PEAK: "true peak",
    e.Measure.HEAD_SILENCE: "silence at the start",
    e.Measure.TAIL_SILENCE: "silence at the end",
    e.Measure.BPM: "tempo",
}
_FLAWS = {e.Flaw.SILENT: "it is silent", e.Flaw.MONO: "it is mono"}


def judged_text(found: e.Judged) -> str:
    """Return what a take does not meet as one clause, what was measured against what is allowed."""
    match found:
        case e.OutOfRange():
            unit, name = found.measure.unit, _NAMES[found.measure]
            allowed = found.allowed if found.asked is None else f"{found.asked:g} {found.allowed}"
            if found.measured is None:
                return f"its {name} cannot be measured, because it is silent or too short; expected {allowed}"
            return f"its {name} is {_number(found)} {unit}, expected {allowed}"
        case e.Flawed(flaw=e.Flaw.CLIPPED):
            return f"{count(found.clipped_samples, 'sample')} of it are clipped"
        case e.Flawed():
            return _FLAWS[found.flaw]
        case e.OtherKey():
            return f"its key is {found.measured}, expected {found.expected}"
        case e.NotMeasured():
            what = ", ".join(found.what)
            return f"it is unknown whether it is as expected: not measured: {what}; its audio is not at hand"
    assert_never(found)


def _number(found: e.OutOfRange) -> str:
    seconds = found.measure.unit == "s"
    return f"{found.measured:.2f}" if seconds else f"{found.measured:.1f}"


def judged_data(found: Iterable[e.Judged]) -> list[Json]:
    """Return what a take does not meet as data: the kind, the numbers, the clause."""
    return [
        {"kind": name_of(item), **asdict(item), "message": judged_text(item)}  # an enum is a text
        for item in found
    ]


def expected_data(expect: e.Expectations) -> dict[str, Json]:
    """Return what is expected as the pipeline would say it, with its units."""
    known: dict[str, Json] = {limit.measure.value: limit.text for limit in expect.limits}
    if expect.key is not None:
        known["key"] = expect.key
    if expect.flaws:
        known["not"] = [flaw.value for flaw in expect.flaws]
    return known
