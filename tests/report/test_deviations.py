"""Every deviation as the sentence that people read; none is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import pytest

from runner.records import deviations as d
from runner.report.deviations import deviation_text

if TYPE_CHECKING:
    from runner.records.deviations import Deviation

SENTENCES: tuple[tuple[Deviation, str], ...] = (
    (d.OtherLength(take=1, asked_s=20.0, seconds=3.0), "take 1: expected 20 s of audio, received 3.00 s"),
    (
        d.OtherContainer(take=2, promised=("audio/wav", "audio/flac"), media_type="audio/mpeg"),
        "take 2: expected audio/wav or audio/flac, received audio/mpeg",
    ),
    (d.OtherChannels(take=1, promised=2, channels=1), "take 1: expected 2 channels, received 1"),
    (d.Silent(take=1, seconds=10.0), "take 1: all 10.00 s of it are silent"),
    (d.FewerTakes(asked=2, received=1), "asked for 2 takes, received 1"),
)


@pytest.mark.parametrize(("deviation", "sentence"), SENTENCES)
def test_a_deviation_reads_as_one_clause(deviation: Deviation, sentence: str) -> None:
    assert deviation_text(deviation) == sentence


def test_no_deviation_is_without_a_sentence() -> None:
    assert {type(deviation) for deviation, _ in SENTENCES} == set(get_args(d.Deviation))
