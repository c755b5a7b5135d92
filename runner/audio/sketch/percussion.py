"""Drum sounds: falling sines and shaped noise."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias

import numpy as np

from runner.audio.sketch.chance import noise
from runner.audio.sketch.waves import TABLE_BITS, Wave, cycle, fall, look_up, phases, ramp, sine

Stroke: TypeAlias = Callable[[int, int], Wave]
"""(pitch in semitones from the normal one, rate in Hz) → one stroke."""


def _skin(rate_hz: int, *, start_hz: float, end_hz: float, glide_s: float, fall_s: float, length_s: float) -> Wave:
    """Make a sine that glides down while it dies away."""
    count = round(length_s * rate_hz)
    glide = fall(count, glide_s * rate_hz).astype(np.float64) * (start_hz - end_hz) + end_hz
    steps = np.round(glide * (2**32 / rate_hz)).astype(np.int64)
    phase = (np.cumsum(steps) >> (32 - TABLE_BITS)) & ((1 << TABLE_BITS) - 1)
    return sine().take(phase) * fall(count, fall_s * rate_hz)


def _air(rate_hz: int, *, seed: int, fall_s: float, length_s: float, bright: int) -> Wave:
    """Make noise that dies away: `bright` differences make it thinner, negative ones (averages) make it duller."""
    count = round(length_s * rate_hz)
    wave = noise(count, seed)
    for _ in range(abs(bright)):
        wave[1:] = (wave[1:] - wave[:-1] if bright > 0 else wave[1:] + wave[:-1]) * np.float32(0.5)
    return wave * fall(count, fall_s * rate_hz)


def _kick(pitch: int, rate_hz: int) -> Wave:
    del pitch
    wave = _skin(rate_hz, start_hz=190, end_hz=48, glide_s=0.03, fall_s=0.13, length_s=0.42)
    click = _air(rate_hz, seed=1, fall_s=0.003, length_s=0.02, bright=0)
    wave[: len(click)] += click * np.float32(0.25)
    return wave


def _taiko(pitch: int, rate_hz: int) -> Wave:
    bend = 1 + pitch / 40
    wave = _skin(rate_hz, start_hz=130 * bend, end_hz=58 * bend, glide_s=0.05, fall_s=0.22, length_s=0.8)
    slap = _air(rate_hz, seed=2, fall_s=0.02, length_s=0.12, bright=-2)
    wave[: len(slap)] += slap * np.float32(0.5)
    return wave


def _tom(pitch: int, rate_hz: int) -> Wave:
    bend = 1 + pitch / 24
    wave = _skin(rate_hz, start_hz=230 * bend, end_hz=105 * bend, glide_s=0.05, fall_s=0.14, length_s=0.5)
    slap = _air(rate_hz, seed=3, fall_s=0.015, length_s=0.08, bright=-1)
    wave[: len(slap)] += slap * np.float32(0.4)
    return wave * np.float32(0.7)


def _frame(pitch: int, rate_hz: int) -> Wave:
    bend = 1 + pitch / 40
    wave = _skin(rate_hz, start_hz=150 * bend, end_hz=82 * bend, glide_s=0.03, fall_s=0.11, length_s=0.4)
    slap = _air(rate_hz, seed=15, fall_s=0.01, length_s=0.06, bright=0)
    wave[: len(slap)] += slap * np.float32(0.35)
    return wave * np.float32(0.8)


def _snare(pitch: int, rate_hz: int) -> Wave:
    del pitch
    wave = _air(rate_hz, seed=4, fall_s=0.075, length_s=0.32, bright=0) * np.float32(0.5)
    body = _skin(rate_hz, start_hz=260, end_hz=182, glide_s=0.02, fall_s=0.06, length_s=0.25)
    wave[: len(body)] += body * np.float32(0.5)
    return wave


def _clap(pitch: int, rate_hz: int) -> Wave:
    del pitch
    wave = _air(rate_hz, seed=5, fall_s=0.07, length_s=0.28, bright=1) * np.float32(0.9)
    gap = round(0.011 * rate_hz)
    early = _air(rate_hz, seed=6, fall_s=0.005, length_s=0.011, bright=1)[:gap]
    return np.concatenate((early, early, wave))


def _chip(pitch: int, rate_hz: int) -> Wave:
    del pitch
    count = round(0.16 * rate_hz)
    square = cycle((1.0, 0.0, 0.3333, 0.0, 0.2), 5)
    low = look_up(square, phases(count, 62.0, rate_hz))
    high = look_up(square, phases(count, 180.0, rate_hz))
    return (low + (high - low) * fall(count, 0.012 * rate_hz)) * fall(count, 0.06 * rate_hz)


def _noise(*, seed: int, fall_s: float, length_s: float, bright: int, gain: float) -> Stroke:
    def stroke(pitch: int, rate_hz: int) -> Wave:
        del pitch
        return _air(rate_hz, seed=seed, fall_s=fall_s, length_s=length_s, bright=bright) * np.float32(gain)

    return stroke


STROKES: dict[str, Stroke] = {
    "kick": _kick,
    "taiko": _taiko,
    "tom": _tom,
    "frame": _frame,
    "snare": _snare,
    "clap": _clap,
    "blip": _chip,
    "rim": _noise(seed=7, fall_s=0.012, length_s=0.06, bright=0, gain=0.5),
    "brush": _noise(seed=8, fall_s=0.09, length_s=0.3, bright=0, gain=0.22),
    "hat": _noise(seed=9, fall_s=0.028, length_s=0.12, bright=2, gain=0.55),
    "shaker": _noise(seed=10, fall_s=0.035, length_s=0.12, bright=1, gain=0.3),
    "ride": _noise(seed=11, fall_s=0.22, length_s=0.7, bright=2, gain=0.4),
    "crash": _noise(seed=12, fall_s=0.6, length_s=1.9, bright=1, gain=0.5),
    "hiss": _noise(seed=13, fall_s=0.05, length_s=0.2, bright=0, gain=0.5),
    "tick": _noise(seed=14, fall_s=0.015, length_s=0.05, bright=1, gain=0.5),
}

_ATTACK_S = 0.0015


@lru_cache(maxsize=64)
def stroke(name: str, pitch: int, rate_hz: int) -> Wave:
    """Make one stroke of a drum, starting and ending at silence; read-only."""
    wave = STROKES[name](pitch, rate_hz)
    attack = min(max(2, round(_ATTACK_S * rate_hz)), len(wave) // 2)
    release = len(wave) // 4
    wave[:attack] *= ramp(attack)
    wave[len(wave) - release :] *= ramp(release)[::-1]
    wave.flags.writeable = False
    return wave
