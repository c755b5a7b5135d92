"""The sketch: exact, the same everywhere, and worth listening to."""

from __future__ import annotations

import hashlib
import math
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runner.audio.encode import encode
from runner.audio.probe.measure import inspect
from runner.audio.sketch.brief import Brief
from runner.audio.sketch.chance import Chance, noise
from runner.audio.sketch.composer import compose
from runner.audio.sketch.drums import KITS
from runner.audio.sketch.effects import Comb
from runner.audio.sketch.instruments import VOICES, Tone
from runner.audio.sketch.percussion import STROKES
from runner.audio.sketch.style import SAME, WORDS, Character, read, settle
from runner.audio.sketch.theory import SCALES, Key, parse_key, parse_meter
from runner.audio.sketch.waves import GRID, TABLE_SIZE, Wave
from tests.support.long import sampled

GOLDEN: dict[str, tuple[dict[str, Any], str]] = {
    "calm": ({"prompt": "calm piano in the forest", "seed": 1}, "595a5326e210a473"),
    "battle": ({"prompt": "epic battle, choir", "seed": 2, "bpm": 150, "key": "D minor"}, "4f571948d1ea85e1"),
    "waltz": ({"prompt": "happy waltz", "seed": 3, "time_signature": "3/4", "rate_hz": 44_100}, "0d8fc3496ee145f3"),
    "chip": ({"prompt": "8-bit boss", "seed": 4, "time_signature": "7/8"}, "d6ebd12ffde1d258"),
    "song": ({"prompt": "lo-fi night", "seed": 5, "instrumental": False}, "49f6d2f54337be98"),
}
PROMPTS = (
    "calm piano in the forest",
    "epic battle with choir",
    "lo-fi chill beat",
    "8-bit chiptune boss fight",
    "dark ambient drone",
    "sad piano",
    "happy folk tavern",
    "tense mystery in a cave",
    "orchestral waltz",
    "synthwave night drive",
    "solemn march",
    "",
)


def digest(*, rate_hz: int = 48_000, **request: Any) -> str:
    pcm = compose(Brief(duration_s=9.7, **request), rate_hz=rate_hz)
    return hashlib.sha256(pcm.astype("<i2").tobytes()).hexdigest()[:16]


@pytest.mark.parametrize("name", GOLDEN)
def test_the_same_request_gives_the_same_bytes_as_ever(name: str) -> None:
    request, expected = GOLDEN[name]
    assert digest(**request) == expected


def test_the_processor_does_not_change_a_byte() -> None:
    """NumPy without its newer instruction sets computes what it computes with them."""
    features = np._core._multiarray_umath.__cpu_dispatch__  # type: ignore[attr-defined]  # not public
    code = """
from tests.audio.test_sketch import *
core = np._core._multiarray_umath
assert not any(core.__cpu_features__[name] for name in core.__cpu_dispatch__)
for name in GOLDEN: print(digest(**GOLDEN[name][0]))
"""
    root = Path(__file__).parents[2]
    environ = {**os.environ, "NPY_DISABLE_CPU_FEATURES": " ".join(features), "PYTHONPATH": str(root)}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], env=environ, cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [expected for _, expected in GOLDEN.values()]


def test_no_value_of_the_sine_table_is_near_a_rounding_tie() -> None:
    for step in range(TABLE_SIZE):
        scaled = math.sin(2 * math.pi * step / TABLE_SIZE) * GRID
        assert abs(scaled - math.floor(scaled) - 0.5) > 1e-9 * GRID


def test_chance_is_splitmix64() -> None:
    stream = Chance()
    stream._state = 1234567
    assert [stream.below(2**64) for _ in range(3)] == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
    ]
    stream._state = 1234567
    assert noise(3, 1234567).tolist() == [(stream.below(2**64) >> 48) / 2**15 - 1 for _ in range(3)]


@pytest.mark.parametrize("duration_s", [0.0, 0.00002, 0.013, 0.5, 1.0, 3.33333, 7.123456, 12.0])
@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 44_100, 48_000])
def test_the_length_is_exact_to_the_sample(duration_s: float, rate_hz: int) -> None:
    pcm = compose(Brief(prompt="march", duration_s=duration_s), rate_hz=rate_hz)
    assert pcm.shape == (round(duration_s * rate_hz), 2)
    assert pcm.dtype == np.int16


@pytest.mark.sampled(2)
@pytest.mark.parametrize("bpm", [60, 97.5, 120, 171])
def test_the_kick_falls_on_the_beat(bpm: float) -> None:
    """In four on the floor, energy under 100 Hz has its period at the beat."""
    prompt = "techno without bass, no melody, no choir, no piano"
    pcm = compose(Brief(prompt=prompt, duration_s=24.0, bpm=bpm, time_signature="4/4", seed=3))
    mono = pcm.astype(np.float64).mean(axis=1)
    spectrum = np.fft.rfft(mono)
    spectrum[int(100 * 24.0) :] = 0
    low = np.abs(np.fft.irfft(spectrum)).reshape(-1, 48).max(axis=1)
    onsets = np.maximum(np.diff(low, prepend=0), 0)
    start, end = 12_000, 22_000
    strength = {
        lag: float(np.dot(onsets[start - lag : end - lag], onsets[start:end]))
        for lag in range(int(50_000 / bpm), int(70_000 / bpm))
    }
    assert max(strength, key=strength.__getitem__) == pytest.approx(60_000 / bpm, abs=1.5)


@pytest.mark.parametrize(
    ("key", "pitches"), [("D minor", {2, 4, 5, 7, 9, 10, 0, 1}), ("F# major", {6, 8, 10, 11, 1, 3, 5})]
)
def test_the_notes_belong_to_the_key(key: str, pitches: set[int]) -> None:
    from runner.audio.sketch import composer

    heard: list[int] = []

    def listen(notes: list[Any], stage: Any) -> Any:
        heard.extend(note.pitch % 12 for note in notes if note.part not in {"low", "top"})
        return np.zeros((stage.samples, 2), dtype=np.int16)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(composer, "render", listen)
        compose(Brief(prompt="epic piano", duration_s=60.0, key=key, seed=5))
    assert set(heard) <= pitches
    assert len(set(heard)) >= 6


def test_words_seed_tempo_key_metre_and_voice_each_change_the_music() -> None:
    base: dict[str, Any] = {"prompt": "calm", "seed": 1, "bpm": 90, "key": "C", "time_signature": "4/4"}
    changes: list[dict[str, Any]] = [
        {},
        {"prompt": "battle"},
        {"seed": 2},
        {"bpm": 91},
        {"key": "C minor"},
        {"time_signature": "3/4"},
        {"instrumental": False},
    ]
    assert len({digest(**{**base, **change}) for change in changes}) == len(changes)


@pytest.mark.sampled
@pytest.mark.parametrize("prompt", sampled(PROMPTS[::6], PROMPTS))
def test_a_sketch_is_loud_enough_clean_and_without_holes(prompt: str) -> None:
    pcm = compose(Brief(prompt=prompt, duration_s=24.0, seed=11))
    lufs = inspect(encode(pcm, 48_000, "audio/wav")).measured.lufs
    assert lufs is not None
    assert -18 <= lufs <= -14
    wave = pcm.astype(np.float64) / 32768
    assert np.abs(wave).max() <= 10 ** (-1 / 20)
    assert np.abs(wave.mean(axis=0)).max() < 0.003
    loud = np.abs(wave[: 23 * 48_000]).max(axis=1).reshape(-1, 48_000).max(axis=1)
    assert loud.min() > 0.02, "a second of silence"
    assert np.abs(wave[0]).max() < 0.01
    assert np.abs(wave[-1]).max() < 0.001
    assert np.abs(np.diff(wave, axis=0)).max() < 0.5, "a click"


@pytest.mark.parametrize("name", VOICES)
def test_a_note_begins_and_ends_in_silence(name: str) -> None:
    wave = played(Tone(name, 60, 12_000, 48_000))
    assert abs(wave[0]) < 1e-3
    assert abs(wave[-1]) < 1e-3
    assert 0.2 < np.abs(wave).max() <= 1.5


def played(sound: Tone, *cuts: int) -> Wave:
    """Return a note as it sounds, made in pieces."""
    wave = np.zeros(sound.count, np.float32)
    for first, last in pairwise((0, *cuts, sound.count)):
        sound.add(first, last, wave[first:last])
    return wave


@pytest.mark.parametrize("name", VOICES)
def test_a_note_is_the_same_wherever_it_is_cut(name: str) -> None:
    sound = Tone(name, 57, 60_000, 48_000, detune=1.0015, level=0.7)
    assert np.array_equal(played(sound), played(sound, 1, 300, 17_000, 18_461, 48_000, 60_001))


@pytest.mark.parametrize("delay", [1, 305, 1_049, 2_048, 7_000])
def test_a_comb_is_the_recursion_of_its_definition(delay: int) -> None:
    blocks = np.random.default_rng(5).normal(0, 0.1, (4, 4_800)).astype(np.float32)
    comb, found = Comb(delay, 0.75), np.zeros((4, 4_800), np.float32)
    for block, out in zip(blocks, found, strict=True):
        out[:] = comb.late(block)
    expected = np.zeros(blocks.size)
    for at in range(delay, blocks.size):
        expected[at] = blocks.ravel()[at - delay] + 0.75 * expected[at - delay]
    assert found.ravel() == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("name", STROKES)
def test_a_stroke_begins_and_ends_in_silence(name: str) -> None:
    from runner.audio.sketch.percussion import stroke

    wave = stroke(name, 0, 48_000)
    assert abs(wave[0]) < 1e-3
    assert abs(wave[-1]) < 1e-3
    assert np.abs(wave).max() > 0.03


def test_ten_minutes_are_no_trouble() -> None:
    pcm = compose(Brief(prompt="epic", duration_s=600.0, seed=1), rate_hz=8_000)
    assert pcm.shape == (4_800_000, 2)


def test_styles_sound_different() -> None:
    def restlessness(prompt: str) -> float:
        found = []
        for seed in range(1, 5):
            mono = compose(Brief(prompt=prompt, duration_s=12.0, seed=seed)).astype(np.float64).mean(axis=1)
            strength = np.abs(mono).reshape(-1, 960).mean(axis=1)
            found.append(float(np.abs(np.diff(strength)).mean()))
        return sum(found) / len(found)

    battle, calm, drone = (restlessness(prompt) for prompt in ("epic battle", "calm piano", "ambient drone"))
    assert battle > 1.3 * calm
    assert battle > 1.3 * drone


def test_every_word_names_things_that_exist() -> None:
    names: dict[str, dict[str, Any]] = {"pad": VOICES, "lead": VOICES, "arp": VOICES, "bass": VOICES}
    for word, nudges in WORDS.items():
        for field, value in nudges.items():
            assert hasattr(Character(), field), word
            if field in names:
                assert {*str(value).split("|")} - {"none"} <= names[field].keys(), word
            if field == "kit":
                assert {*str(value).split("|")} - {"none"} <= KITS.keys(), word
    assert set(SAME.values()) <= set(WORDS)
    for seed in range(200):
        for energy in range(-3, 4):
            settled = settle(Character(energy=energy, light=seed % 5 - 2), Chance(seed))
            assert {settled.pad, settled.lead, settled.arp, settled.bass} <= set(VOICES)


def test_no_drums_means_no_drums() -> None:
    assert read("epic battle, no drums").kit == "none"
    assert read("rock without melody").lead == "none"
    assert read("8 bit").lead == read("8-bit").lead == "pulse"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("C", Key(0, "major")),
        ("D minor", Key(2, "minor")),
        ("d Minor", Key(2, "minor")),
        ("Am", Key(9, "minor")),
        ("AM", Key(9, "major")),
        ("F# major", Key(6, "major")),
        ("Bb", Key(10, "major")),
        ("B♭ minor", Key(10, "minor")),
        ("C flat major", Key(11, "major")),
        ("G-sharp dorian", Key(8, "dorian")),
        ("Cb", Key(11, "major")),
        ("E harmonic minor", Key(4, "harmonic minor")),
        ("H minor", None),
        ("none", None),
        ("", None),
        ("auto", None),
    ],
)
def test_keys_are_read(text: str, key: Key | None) -> None:
    assert parse_key(text) == key


@pytest.mark.parametrize(
    ("text", "bar", "beats"),
    [
        ("4/4", 48, (0, 12, 24, 36)),
        ("3/4", 36, (0, 12, 24)),
        ("2/4", 24, (0, 12)),
        ("6/8", 36, (0, 18)),
        ("12/8", 72, (0, 18, 36, 54)),
        ("7/8", 42, (0, 12, 24)),
        ("5/8", 30, (0, 12)),
        ("5/4", 60, (0, 12, 24, 36, 48)),
        ("2/2", 48, (0, 24)),
        ("1/8", 6, (0,)),
        ("3", 36, (0, 12, 24)),
        ("6", 36, (0, 18)),
    ],
)
def test_metres_are_read(text: str, bar: int, beats: tuple[int, ...]) -> None:
    meter = parse_meter(text)
    assert meter is not None
    assert (meter.bar, meter.beats) == (bar, beats)


@pytest.mark.parametrize("text", ["", "4/5", "0/4", "16/4", "four", "4/4/4"])
def test_what_is_no_metre_is_none(text: str) -> None:
    assert parse_meter(text) is None


@pytest.mark.sampled
@pytest.mark.parametrize(
    "meter", ["2/4", "3/4", "4/4", "5/4", "5/8", "6/8", "7/8", "9/8", "12/8", "1/4", "3/16", "2/2"]
)
@pytest.mark.parametrize("prompt", sampled(["waltz"], ["waltz", "battle", "jazz", "electronic march", "lofi"]))
def test_every_metre_can_be_played_in_every_style(meter: str, prompt: str) -> None:
    pcm = compose(Brief(prompt=prompt, duration_s=8.0, time_signature=meter), rate_hz=8_000)
    assert np.abs(pcm).max() > 3_000


def test_every_scale_has_progressions() -> None:
    from runner.audio.sketch.score import PROGRESSIONS

    assert set(PROGRESSIONS) == set(SCALES)
