"""What a rehearsal composes for a request: a length in the unit of its model, and never more than it has time for."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from runner.emulator.synth import LONGEST_S, scores
from runner.records.catalog import LengthUnit
from tests.support.catalog import shipped_catalog

XL = shipped_catalog().models["pixazo/ace-step-xl"]


@pytest.mark.parametrize(
    ("unit", "value", "seconds"),
    [
        (LengthUnit.SECONDS, 30, 30.0),
        (LengthUnit.MILLISECONDS, 30_000, 30.0),
        (LengthUnit.MINUTES, 0.5, 30.0),
        (LengthUnit.SECONDS, 30_000, LONGEST_S),
        (LengthUnit.MINUTES, 90, LONGEST_S),
        (LengthUnit.SECONDS, "auto", XL.typical_s),
    ],
)
def test_a_length_is_read_in_its_unit_and_is_never_longer_than_a_rehearsal_waits(
    unit: LengthUnit, value: float | str, seconds: float
) -> None:
    (score,) = scores(replace(XL, duration_unit=unit), {"prompt": "x", "duration": value})
    assert score.brief.duration_s == seconds
