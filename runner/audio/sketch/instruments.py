"""Pitched instruments as data, and the one way a note of any of them is made."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from msgspec import Struct

from runner.audio.scratch import scratch
from runner.audio.sketch.waves import Wave, cycle, drop, fall, hertz, look_up, phases, ramp, sine

_TOP = 0.42
"""Harmonics stop at this share of the sample rate."""
_VIBRATO_HZ = 5.2
_SWAYS = 2
"""Cycles of vibrato in a stretch."""
_EDGE = 0.8
"""How much of a note's start is edge."""
_EDGE_LASTS = 8
"""So many of the times in which it falls to 1/e; then it is 70 dB weaker."""


class Voice(Struct, frozen=True):
    """A timbre: a body of harmonics, an edge that dies away sooner, and an envelope. Times in seconds."""

    body: tuple[float, ...]
    gain: float
    attack_s: float = 0.006
    release_s: float = 0.09
    fall_s: float | None = None
    """Time to fall to 1/e; None sustains the note."""
    edge: tuple[float, ...] = ()
    edge_s: float = 0.1
    vibrato: float = 0.0
    """Greatest deviation of the phase, in cycles."""


def _slope(count: int, power: int, *, odd: bool = False) -> tuple[float, ...]:
    """Return harmonics 1/n^power; without the even ones when `odd`."""
    return tuple(0.0 if odd and number % 2 == 0 else 1 / number**power for number in range(1, count + 1))


def _bell(offset: float) -> float:
    return 1 + offset * offset


def _formants(fundamental_hz: float, peaks: tuple[tuple[float, float, float], ...], count: int) -> tuple[float, ...]:
    """Return harmonics of a sung vowel: resonances of (frequency, width, strength) over a falling source."""
    strengths = []
    for number in range(1, count + 1):
        frequency = number * fundamental_hz
        shape = math.fsum(gain / _bell((frequency - centre) / width) for centre, width, gain in peaks)
        strengths.append((0.15 + shape) / number)
    return tuple(strengths)


_AH = _formants(220.0, ((700.0, 130.0, 1.0), (1150.0, 160.0, 0.7), (2800.0, 300.0, 0.5)), 24)
_OH = _formants(220.0, ((450.0, 120.0, 1.0), (850.0, 150.0, 0.5), (2700.0, 300.0, 0.25)), 20)
_SAW = _slope(40, 1)
_SOFT_SAW = tuple(strength / _bell(index / 10) for index, strength in enumerate(_slope(24, 1)))
_PULSE = (
    1.0,
    0.7071,
    0.3333,
    0.0,
    -0.2,
    -0.2357,
    -0.1429,
    0.0,
    0.1111,
    0.1414,
    0.0909,
    0.0,
    -0.0769,
    -0.101,
    -0.0667,
    0.0,
    0.0588,
    0.0786,
)
_SQUARE = _slope(19, 1, odd=True)

VOICES = {
    # pads
    "strings": Voice(_SOFT_SAW, 0.20, attack_s=0.22, release_s=0.5, vibrato=0.02),
    "warm": Voice(_slope(10, 2), 0.26, attack_s=0.3, release_s=0.6, edge=_slope(24, 1), edge_s=1.2),
    "glass": Voice((1.0, 0.0, 0.3, 0.0, 0.0, 0.14, 0.0, 0.1, 0.0, 0.0, 0.0, 0.06), 0.24, attack_s=0.35, release_s=0.9),
    "brass": Voice(_slope(12, 1), 0.2, attack_s=0.06, release_s=0.2, edge=_slope(24, 1), edge_s=0.3, vibrato=0.012),
    "choir": Voice(_OH, 0.24, attack_s=0.28, release_s=0.5, vibrato=0.03),
    "organ": Voice((1.0, 0.7, 0.4, 0.5, 0.0, 0.3, 0.0, 0.35), 0.18, attack_s=0.03, release_s=0.12),
    # leads
    "flute": Voice((1.0, 0.5, 0.25, 0.1, 0.06, 0.03), 0.34, attack_s=0.06, release_s=0.14, vibrato=0.035),
    "violin": Voice(_SOFT_SAW, 0.27, attack_s=0.09, release_s=0.18, vibrato=0.05),
    "horn": Voice(_slope(9, 2), 0.36, attack_s=0.05, release_s=0.16, edge=_slope(14, 1), edge_s=0.35, vibrato=0.015),
    "saw": Voice(_slope(12, 1), 0.22, attack_s=0.012, release_s=0.12, edge=_SAW, edge_s=0.25, vibrato=0.015),
    "voice": Voice(_AH, 0.36, attack_s=0.08, release_s=0.18, vibrato=0.05),
    "clarinet": Voice(_slope(15, 1, odd=True), 0.26, attack_s=0.05, release_s=0.12, vibrato=0.015),
    "reed": Voice((0.7, 1.0, 0.8, 0.6, 0.6, 0.4, 0.35, 0.3, 0.2, 0.2, 0.15, 0.1), 0.22, attack_s=0.04, release_s=0.1, vibrato=0.03),
    "glassharp": Voice((1.0, 0.06, 0.22, 0.02, 0.05), 0.34, attack_s=0.12, release_s=0.5, vibrato=0.02),
    "pulse": Voice(_PULSE, 0.24, attack_s=0.003, release_s=0.03, vibrato=0.02),
    # plucked and struck
    "piano": Voice((1.0, 0.45, 0.25, 0.12, 0.06), 0.42, release_s=0.16, fall_s=1.1, edge=_slope(24, 1), edge_s=0.24),
    "keys": Voice((1.0, 0.12, 0.05), 0.42, release_s=0.14, fall_s=1.3, edge=(0.4, 0.2, 0.1, 0.6, 0.0, 0.2), edge_s=0.12),
    "bell": Voice((1.0, 0.0, 0.0, 0.3, 0.0, 0.0, 0.12), 0.34, release_s=0.4, fall_s=0.9, edge=(0, 0, 0.3, 0.5, 0, 0.4, 0, 0.3), edge_s=0.12),
    "harp": Voice((1.0, 0.35, 0.12, 0.06), 0.42, release_s=0.3, fall_s=0.6, edge=_slope(12, 1), edge_s=0.06),
    "guitar": Voice((1.0, 0.6, 0.3, 0.2, 0.1, 0.05), 0.40, release_s=0.12, fall_s=0.7, edge=_slope(20, 1), edge_s=0.09),
    "oud": Voice((1.0, 0.8, 0.6, 0.35, 0.3, 0.2, 0.15, 0.1), 0.40, attack_s=0.003, release_s=0.08, fall_s=0.32, edge=_slope(30, 1), edge_s=0.05),
    "kalimba": Voice((1.0, 0.1, 0.02, 0.0, 0.18), 0.46, attack_s=0.003, release_s=0.15, fall_s=0.4, edge=(0, 0, 0, 0, 0.6, 0.4), edge_s=0.03),
    "marimba": Voice((1.0, 0.0, 0.0, 0.25), 0.50, release_s=0.12, fall_s=0.28, edge=(0, 0, 0, 1.0, 0, 0, 0, 0, 0, 0.6), edge_s=0.03),
    "pluck": Voice(_slope(8, 2), 0.34, release_s=0.1, fall_s=0.3, edge=_SAW, edge_s=0.08),
    "chip": Voice(_SQUARE, 0.20, attack_s=0.003, release_s=0.02, fall_s=0.35),
    "ostinato": Voice(_SOFT_SAW, 0.36, attack_s=0.02, release_s=0.09, fall_s=0.25),
    # basses
    "upright": Voice((1.0, 0.5, 0.22, 0.1, 0.05), 0.62, attack_s=0.008, release_s=0.1, fall_s=0.8, edge=_slope(10, 1), edge_s=0.05),
    "synth": Voice(_slope(6, 1), 0.48, attack_s=0.008, release_s=0.07, edge=_slope(24, 1), edge_s=0.14),
    "cello": Voice(_slope(14, 1), 0.46, attack_s=0.07, release_s=0.22, vibrato=0.02),
    "triangle": Voice((1.0, 0.0, -0.1111, 0.0, 0.04, 0.0, -0.0204), 0.55, attack_s=0.004, release_s=0.03),
}  # fmt: skip


class Tone:
    """A note of `length` samples and its release, starting and ending at silence; made where it is heard, stretch by stretch."""

    def __init__(
        self, name: str, pitch: int, length: int, rate_hz: float, *, detune: float = 1.0, level: float = 1.0
    ) -> None:
        voice = VOICES[name]
        self._attack, release = round(voice.attack_s * rate_hz), round(voice.release_s * rate_hz)
        self._held = max(length, self._attack)
        self.count = self._held + release
        body, edge = _stretch(name, pitch, rate_hz, detune)
        self._size = len(body)
        self._body = body[: self.count] * np.float32(level)
        self._heard = 0 if edge is None else min(self.count, round(_EDGE_LASTS * voice.edge_s * rate_hz))
        self._edge = None if edge is None else edge[: self._heard] * np.float32(level)
        self._edge_fall = fall(self._heard, voice.edge_s * rate_hz)
        self._fall = None if voice.fall_s is None else fall(self.count, voice.fall_s * rate_hz)
        self._rise, self._release = ramp(self._attack), drop(release)
        self._bends = tuple(sorted({self._attack, self._heard, self._held, self.count}))

    def add(self, first: int, last: int, out: Wave) -> None:
        """Add the samples from `first` to before `last` to `out`."""
        size, at, shaped = self._size, first, scratch("shaped", (self._size,), np.float32)
        for bend in self._bends:
            stop = min(last, bend)
            while at < stop:
                place = at % size
                end = at + size - place
                end = min(end, stop)
                part = out[at - first : end - first]
                np.add(part, self._shaped(at, end, place, shaped[: end - at]), part)
                at = end

    def _shaped(self, at: int, end: int, place: int, out: Wave) -> Wave:
        """Return some samples between two bends of the envelope, which are at `place` of the stretch; `out` may be overwritten."""
        within = slice(place, place + end - at)
        wave = self._body[within]
        if at < self._heard and self._edge is not None:
            np.multiply(self._edge[within], self._edge_fall[at:end], out)
            wave = np.add(out, wave, out)
        if self._fall is not None:
            wave = np.multiply(wave, self._fall[at:end], out)
        if at < self._attack:
            wave = np.multiply(wave, self._rise[at:end], out)
        elif at >= self._held:
            wave = np.multiply(wave, self._release[at - self._held : end - self._held], out)
        return wave


class Copy:
    """A sound that was made before, at a level."""

    def __init__(self, wave: Wave, level: float) -> None:
        self._wave, self._level = wave, np.array(level, np.float32)
        self.count = len(wave)

    def add(self, first: int, last: int, out: Wave) -> None:
        """Add the samples from `first` to before `last` to `out`."""
        share = scratch("shaped", (last - first,), np.float32)
        np.add(out, np.multiply(self._wave[first:last], self._level, share), out)


@lru_cache(maxsize=96)
def whole_note(name: str, pitch: int, length: int, rate_hz: float) -> Wave:
    """Make a whole note, for those that are played again and again; read-only."""
    tone = Tone(name, pitch, length, rate_hz)
    wave = np.zeros(tone.count, np.float32)
    tone.add(0, tone.count, wave)
    wave.flags.writeable = False
    return wave


@lru_cache(maxsize=256)
def _stretch(name: str, pitch: int, rate_hz: float, detune: float) -> tuple[Wave, Wave | None]:
    """Make the stretch of a held note that is repeated: whole cycles, also of vibrato. Its body, and what its edge adds."""
    voice = VOICES[name]
    frequency = hertz(pitch) * detune
    cycles = max(1, round(_SWAYS * frequency / _VIBRATO_HZ))
    count = round(cycles * rate_hz / frequency)
    phase = phases(count, cycles, count)
    if voice.vibrato:
        sway = look_up(sine(), phases(count, _SWAYS, count)) * np.float32(voice.vibrato * 2**32)
        phase += sway.astype(np.int32).view(np.uint32)
    harmonics = max(1, int(_TOP * rate_hz / frequency))
    body = look_up(cycle(voice.body, min(harmonics, len(voice.body))), phase)
    if not voice.edge:
        return body, None
    edge = look_up(cycle(voice.edge, min(harmonics, len(voice.edge))), phase)
    return body, (edge - body) * np.float32(_EDGE)
