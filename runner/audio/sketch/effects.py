"""Echo, room, loudness and ceiling, all by single additions and multiplications (see waves.py)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from runner.audio.sketch.waves import Wave

CEILING = 0.88
_KNEE = 0.6


class Comb:
    """A delay line with feedback over (channels, samples) blocks of any length: y[n] = x[n-d] + g·y[n-d]."""

    def __init__(self, delay: int, feedback: float, *, channels: int = 2) -> None:
        self._line = np.zeros((channels, max(delay, 1)), dtype=np.float32)
        self._feedback = np.float32(feedback)
        self._at = 0

    def add(self, block: Wave, out: Wave) -> None:
        """Add the delayed `block` to `out`, both (channels, samples)."""
        size = self._line.shape[1]
        start = 0
        while start < block.shape[1]:
            count = min(size - self._at, block.shape[1] - start)
            line = self._line[:, self._at : self._at + count]
            part = slice(start, start + count)
            out[:, part] += line
            line *= self._feedback
            line += block[:, part]
            self._at = (self._at + count) % size
            start += count


class Diffuser:
    """An allpass over (2, samples) blocks that smears its input (Schroeder, 1962)."""

    def __init__(self, delay: int) -> None:
        self._line = np.zeros((2, delay), dtype=np.float32)
        self._at = 0

    def smear(self, block: Wave) -> None:
        """Replace `block` by its smeared self."""
        size = self._line.shape[1]
        gain = np.float32(0.6)
        start = 0
        while start < block.shape[1]:
            count = min(size - self._at, block.shape[1] - start)
            line = self._line[:, self._at : self._at + count]
            part = block[:, start : start + count]
            fed = part + line * gain
            np.subtract(line, fed * gain, out=part)
            line[:] = fed
            self._at = (self._at + count) % size
            start += count


_COMBS_S = (0.0437, 0.0511, 0.0593, 0.0671)
_DIFFUSERS_S = (0.0127, 0.0297)


class Room:
    """A soft reverberation at half the sample rate, the left fed by the right and back."""

    def __init__(self, rate_hz: int, feedback: float) -> None:
        half = rate_hz / 2
        self._combs = [Comb(round(delay * half), feedback) for delay in _COMBS_S]
        self._diffusers = [Diffuser(round(delay * half)) for delay in _DIFFUSERS_S]
        self._last = np.zeros((2, 1), dtype=np.float32)

    def add(self, block: Wave, out: Wave, gain: float) -> None:
        """Add the room's answer to `block` to `out`; both (2, even number of samples)."""
        dull = (block[:, 0::2] + block[:, 1::2]) * np.float32(0.125)
        for diffuser in self._diffusers:
            diffuser.smear(dull)
        wet = np.zeros_like(dull)
        for number, comb in enumerate(self._combs):
            comb.add(dull[::-1] if number % 2 else dull, wet)
        wet *= np.float32(gain)
        before = np.concatenate((self._last, wet[:, :-1]), axis=1)
        self._last = wet[:, -1:].copy()
        out[:, 1::2] += wet
        out[:, 0::2] += (wet + before) * np.float32(0.5)


_TARGET_POWER = 0.029444
"""Mean square over both channels at -16 LUFS: 10^((-16 + 0.691) / 10), ITU-R BS.1770."""
_SILENCE_POWER = 1.17e-7
_SHELF = np.float32(0.3)
_FINE = np.float32(2**12)
_FULL_SCALE = 10 / 2**24
"""A fifth of a second at half the rate has rate/10 samples, each square 2^24 times too large."""


def powers(block: Wave, rate_hz: int) -> list[int]:
    """Return the weighted energy of each fifth of a second of a (2, samples) block, a whole number of fifths.

    The weighting approximates BS.1770's: a shelf of 4 dB around 6 kHz. Both channels are added, and the squares are
    added as integers, which come out the same in any order.
    """
    lag = max(1, rate_hz // 12_000)
    step = rate_hz // 10
    thin = block[:, ::2]
    earlier = np.zeros_like(thin)
    earlier[:, lag // 2 :] = thin[:, : thin.shape[1] - lag // 2]
    heard = np.round((thin + (thin - earlier) * _SHELF) * _FINE).astype(np.int64)
    heard *= heard
    sums = heard.sum(axis=0).reshape(-1, step).sum(axis=1)
    return [int(total) for total in sums]


def makeup(fifths: list[int], rate_hz: int) -> float:
    """Return the factor that brings music of these powers to -16 LUFS, gated as in BS.1770-4."""
    loud = [power for power in fifths if power * _FULL_SCALE > _SILENCE_POWER * rate_hz]
    heard = [power for power in loud if power * len(loud) * 10 > sum(loud)]
    if not heard:
        return 1.0
    return math.sqrt(_TARGET_POWER * len(heard) * rate_hz / (sum(heard) * _FULL_SCALE))


def finish(block: Wave, gain: float) -> npt.NDArray[np.int16]:
    """Apply `gain` and a soft ceiling of -1.1 dBFS; return (samples, channels) as 16-bit integers."""
    loud = block * np.float32(gain)
    size = np.abs(loud)
    if size.max(initial=0) > _KNEE:
        over = np.maximum(size - np.float32(_KNEE), np.float32(0))
        over /= np.float32(1) + over * np.float32(1 / (CEILING - _KNEE))
        loud = np.copysign(np.minimum(size, np.float32(_KNEE)) + over, loud)
    return np.round(loud * np.float32(32767)).astype(np.int16).T
