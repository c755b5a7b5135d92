"""How takes differ from what was asked: derived from request and take, and nothing that nobody asked for counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from runner.plan.deviations import deviations
from runner.records.deviations import FewerTakes, OtherChannels, OtherContainer, OtherLength, Silent
from tests.support.catalog import shipped_catalog
from tests.support.made import entry
from tests.support.made import take as made_take

if TYPE_CHECKING:
    from runner.records.deviations import Deviation
    from runner.records.lock import Take

MODELS = shipped_catalog().models
XL, SKETCH = MODELS["pixazo/ace-step-xl"], MODELS["local/sketch"]


def take(word: str = "one", **over: Any) -> Take:
    return made_take(word, **({"lufs": -16.0} | over))


def found(params: dict[str, Any], *takes: Take, model: str = "pixazo/ace-step-xl") -> tuple[Deviation, ...]:
    return deviations(MODELS[model], entry({"prompt": "x"} | params, *takes, model=model))


@pytest.mark.parametrize("seconds", [18.0, 20.0, 22.0, 24.9])
def test_a_length_near_the_one_asked_for_is_as_asked(seconds: float) -> None:
    assert found({"duration": 20}, take(seconds=seconds)) == ()


@pytest.mark.parametrize("seconds", [0.5, 14.9, 25.1, 300.0])
def test_another_length_than_asked_is_told_with_both(seconds: float) -> None:
    expected = OtherLength(take=1, asked_s=20.0, seconds=seconds)
    assert found({"duration": 20}, take(seconds=seconds)) == (expected,)


def test_a_documented_default_that_nobody_asked_for_is_no_wish() -> None:
    assert SKETCH.seconds({}) == 30.0
    assert SKETCH.asked_seconds({}) is None
    assert found({}, take(seconds=300.0), model="local/sketch") == ()


def test_a_container_that_was_neither_asked_for_nor_promised_is_told() -> None:
    (deviation,) = found({}, take(media_type="audio/aac"))
    assert deviation == OtherContainer(take=1, promised=XL.media_types, media_type="audio/aac")


def test_of_several_containers_the_one_that_was_asked_for_counts() -> None:
    asked = {"output_format": "flac"}
    assert found(asked, take(media_type="audio/flac"), model="local/sketch") == ()
    (deviation,) = found(asked, take(media_type="audio/mpeg"), model="local/sketch")
    assert deviation == OtherContainer(take=1, promised=("audio/flac",), media_type="audio/mpeg")


def test_channels_are_held_against_the_documented_number_and_else_against_none() -> None:
    assert (SKETCH.channels, XL.channels) == (2, None)
    assert found({}, take(channels=1)) == ()
    assert found({}, take(channels=1), model="local/sketch") == (OtherChannels(take=1, promised=2, channels=1),)


@pytest.mark.parametrize(("seconds", "is_told"), [(0.3, False), (20.0, True)])
def test_silence_is_told_and_what_is_too_short_to_measure_is_not_silent(seconds: float, is_told: bool) -> None:
    expected = (Silent(take=1, seconds=seconds),) if is_told else ()
    assert found({}, take(lufs=None, seconds=seconds)) == expected


def test_each_take_is_named_by_its_number_and_missing_ones_are_counted() -> None:
    takes = (take(), take("two", channels=6))
    expected = (FewerTakes(asked=3, received=2), OtherChannels(take=2, promised=2, channels=6))
    assert found({"batch_size": 3}, *takes, model="local/sketch") == expected


def test_a_pending_receipt_has_no_takes_to_judge() -> None:
    assert deviations(XL, replace(entry(), takes=())) == ()
