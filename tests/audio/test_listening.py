"""Tempo and key are heard by librosa; what it cannot make out, or where it is missing, costs no take."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from runner.audio.encode import encode
from runner.audio.probe.listening import tempo_and_key
from runner.audio.sketch.brief import Brief
from runner.audio.sketch.composer import compose
from runner.audio.tasks import FileNotSeen, listened
from runner.commands.expectations import refuse_unheard
from runner.errors import PolicyError
from runner.plan.decide import decide
from runner.plan.facts import Selected
from runner.records.expectations import Expectations, Limit, Measure
from runner.records.measured import Measured
from tests.plan.test_decide import facts
from tests.support.made import request
from tests.support.waves import file_of

if TYPE_CHECKING:
    from pathlib import Path

KNOWN = Measured(codec="pcm_s16le", lufs=-16.0)


@pytest.mark.long
def test_the_tempo_and_key_of_a_sketch_are_heard() -> None:
    pcm = compose(Brief(prompt="epic drums", duration_s=12.0, seed=3, bpm=120, key="C major"))
    bpm, key = tempo_and_key(encode(pcm, 48_000, "audio/wav"))
    assert bpm == pytest.approx(120, rel=0.04)
    assert key == "C major"


def test_silence_and_what_is_too_short_have_neither() -> None:
    assert tempo_and_key(file_of(np.zeros((8_000 * 6, 2)), 8_000)) == (None, None)
    assert tempo_and_key(file_of(np.ones(8_000), 8_000)) == (None, None)


def test_what_cannot_be_heard_stays_a_take(tmp_path: Path) -> None:
    assert listened(b"no audio", KNOWN) == KNOWN
    with pytest.raises(FileNotSeen):
        listened(tmp_path / "gone.wav", KNOWN)


def test_without_the_extra_nothing_is_paid_for_that_nobody_could_judge() -> None:
    limit = Limit(measure=Measure.BPM, text="± 3 %", low=-3, high=3, around="percent")
    todo = decide((request("title", expect=Expectations(limits=(limit,))),), facts(), Selected())
    refuse_unheard(todo, can_listen=lambda: True)
    with pytest.raises(PolicyError, match="a tempo or key is expected, and librosa") as caught:
        refuse_unheard(todo, can_listen=lambda: False)
    assert "pip install 'scorefile[listen]'" in str(caught.value.help)
