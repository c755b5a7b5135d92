"""Sketches differ where people listen: rhythm, dynamics, what the prompt states, and how a loop ends."""

from __future__ import annotations

import importlib.util
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from runner.audio.sketch import composer
from runner.audio.sketch.brief import Brief
from runner.audio.sketch.composer import compose
from runner.audio.sketch.groove import spread
from runner.audio.sketch.stated import stated_bpm, stated_key, stated_meter
from runner.audio.sketch.theory import TICKS, Key
from tests.support.catalog import ROOT

if TYPE_CHECKING:
    import numpy.typing as npt

    from runner.audio.sketch.compose import Piece
    from runner.audio.sketch.score import Note

RATE_HZ = 24_000


def bench() -> Any:
    """Return bench/variety.py, which measures the same at full size."""
    spec = importlib.util.spec_from_file_location("variety", ROOT / "bench" / "variety.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def planned(prompt: str, *, duration_s: float = 30.0, **brief: Any) -> Piece:
    """Return the piece that is composed for a prompt."""
    pieces: list[Piece] = []

    def listen(piece: Piece, _: object) -> list[Note]:
        pieces.append(piece)
        return []

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(composer, "compose_notes", listen)
        patch.setattr(composer, "render", lambda _, __: np.zeros((0, 2), dtype=np.int16))
        compose(Brief(prompt=prompt, duration_s=duration_s, **brief))
    return pieces[0]


def bpm_of(piece: Piece) -> float:
    return 60 * piece.meter.bar / TICKS / piece.bar_s


def test_two_biomes_and_two_seeds_at_one_tempo_have_another_rhythm() -> None:
    variety = bench()
    biomes = [variety.onsets(f"{biome} theme") for biome in variety.BIOMES[:4]]
    seeds = [variety.onsets("forest theme", seed=seed) for seed in range(4)]
    assert max(variety.correlations(biomes)) < 0.8
    assert max(variety.correlations(seeds)) < 0.8


@pytest.mark.parametrize("prompt", ["dramatic orchestral scene", "cinematic crescendo, loopable"])
def test_a_prompt_that_asks_for_drama_gets_a_loudness_range_above_4_lu(prompt: str) -> None:
    variety = bench()
    assert variety.loudness_range(prompt) > 4
    assert variety.loudness_range("calm piano") < 4


def test_instruments_and_energy_differ_by_seed() -> None:
    characters = [planned("forest theme", seed=seed).character for seed in range(8)]
    assert len({(one.lead, one.arp, one.bass, one.pad) for one in characters}) >= 6
    assert len({(one.kit, one.line) for one in characters}) >= 4


@pytest.mark.parametrize(
    ("prompt", "bpm", "key"),
    [
        ("techno, 170 bpm, E major", 170.0, Key(4, "major")),
        ("a cappella choir at 84 BPM in F# minor", 84.0, Key(6, "minor")),
        ("tempo of 97.5, key of b flat major", 97.5, Key(10, "major")),
        ("90-100 beats per minute in D dorian", 90.0, Key(2, "dorian")),
        ("a minor setback, A major victory", None, None),
        ("100 years of calm", None, None),
    ],
)
def test_tempo_and_key_in_the_prompt_are_heard(prompt: str, bpm: float | None, key: Key | None) -> None:
    assert (stated_bpm(prompt), stated_key(prompt)) == (bpm, key)
    piece = planned(prompt)
    if bpm is not None:
        assert bpm_of(piece) == pytest.approx(bpm)
        assert piece.key == key


def test_a_parameter_wins_over_what_the_prompt_states() -> None:
    piece = planned("170 bpm, E major, 3/4", bpm=90, key="C minor", time_signature="4/4")
    assert bpm_of(piece) == pytest.approx(90)
    assert (piece.key, piece.meter.bar) == (Key(0, "minor"), 48)


@pytest.mark.parametrize(
    ("prompt", "meter"), [("waltz-like, 6/8", "6/8"), ("in 7/8 time", "7/8"), ("since 1/1/2020", None)]
)
def test_a_metre_in_the_prompt_is_heard(prompt: str, meter: str | None) -> None:
    assert stated_meter(prompt) == meter


@pytest.mark.parametrize(
    ("duration_s", "bpm", "beats"),
    [(30.0, 120, 60), (20.0, 170, 56), (61.3, 100, 104), (5.0, 120, 10), (0.3, 60, None)],
)
def test_a_loop_holds_whole_bars_or_beats_at_nearly_its_tempo(duration_s: float, bpm: float, beats: int | None) -> None:
    piece = planned("calm, loopable", duration_s=duration_s, bpm=bpm, time_signature="4/4")
    assert piece.loops == (beats is not None)
    if beats is not None:
        assert piece.end == beats * TICKS
        assert bpm_of(piece) == pytest.approx(bpm, rel=0.06)


def test_a_prompt_without_the_word_has_a_close_and_no_loop() -> None:
    assert not planned("calm piano").loops
    assert not planned("calm piano, no loop").loops


@pytest.mark.parametrize(
    "prompt", ["calm piano loop", "epic battle, loopable", "seamless dark ambient", "lo-fi beat, looping"]
)
@pytest.mark.parametrize("duration_s", [4.0, 24.0])
def test_a_loop_goes_on_where_it_ends(prompt: str, duration_s: float) -> None:
    pcm = compose(Brief(prompt=prompt, duration_s=duration_s, seed=3), rate_hz=RATE_HZ).astype(np.float64)
    assert len(pcm) == duration_s * RATE_HZ
    steps = np.abs(np.diff(pcm, axis=0)).max(axis=1)
    seam = np.abs(pcm[0] - pcm[-1]).max()
    near = max(steps[: RATE_HZ // 10].max(), steps[-RATE_HZ // 10 :].max())
    assert seam <= near, "a click"
    assert level(pcm[-RATE_HZ:]) > level(pcm) / 4, "a fade"


def test_the_second_round_of_a_loop_sounds_like_the_first() -> None:
    """What rings at the end is heard at the beginning: twice as long a piece of the same bars would do the same."""
    pcm = compose(Brief(prompt="calm bell, loop", duration_s=16.0, bpm=120, seed=5), rate_hz=RATE_HZ).astype(np.float64)
    assert level(pcm[:200]) > 0.02 * level(pcm), "the beginning is as silent as that of a piece that starts"


def level(pcm: npt.NDArray[np.float64]) -> float:
    return float(np.sqrt((pcm**2).mean()))


@pytest.mark.parametrize(("count", "grid"), [(3, 8), (5, 8), (5, 16), (7, 12)])
def test_onsets_are_spread_as_evenly_as_they_go(count: int, grid: int) -> None:
    for turn in range(grid):
        places = spread(count, grid, turn)
        assert len(places) == count
        gaps = {(other - one) % grid for one, other in zip(places, (*places[1:], places[0]), strict=True)}
        assert max(gaps) - min(gaps) <= 1


def test_every_two_takes_of_one_batch_differ() -> None:
    variety = bench()
    takes = [variety.onsets("tavern", seed=7 + take, duration_s=20.0) for take in range(3)]
    assert all(np.corrcoef(one, other)[0, 1] < 0.9 for one, other in combinations(takes, 2))
