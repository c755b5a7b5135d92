"""Echo, room, loudness and ceiling, all by single additions and multiplications (see waves.py)."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING

import numpy as np

from runner.audio.scratch import scratch

if TYPE_CHECKING:
    import numpy.typing as npt

    from runner.audio.sketch.waves import Wave

_LEAST_STRETCH = 1024
"""Samples for which a step of NumPy takes longer than its call."""


class Comb:
    """A delay line with feedback over blocks: y[n] = x[n-d] + g·y[n-d].

    Its memory is one array of v[n] = x[n] + g·v[n-d]: what is left of the last block, then this block. Each stretch of d samples
    follows from the one before it, and all stretches are cut out once, as the blocks have one length. A short delay is made
    twice as long as often as it takes: v[n] = x[n] + g·x[n-d] + g²·v[n-2d].
    """

    def __init__(self, delay: int, feedback: float) -> None:
        self._delay, self._feedback = max(delay, 1), np.array(feedback, np.float32)
        self._doubled: list[tuple[Wave, Wave]] = []
        self._memory = np.zeros(0, dtype=np.float32)
        self._stretches: list[tuple[Wave, Wave, Wave]] = []

    def late(self, block: Wave) -> Wave:
        """Return what comes out while `block` goes in; the next call overwrites it."""
        size = len(block)
        if not self._stretches:
            self._cut(size)
        memory, kept = self._memory, len(self._memory) - size
        memory[:kept] = memory[size:].copy()
        fed = memory[kept:]
        fed[:] = block
        for factor, before in self._doubled:
            late = fed[: -len(before)] * factor
            rest = before * factor
            before[:] = fed[-len(before) :]
            fed[len(before) :] += late
            fed[: len(before)] += rest
        for before, now, share in self._stretches:
            np.multiply(before, self._feedback, share)
            np.add(now, share, now)
        return memory[kept - self._delay : -self._delay]

    def _cut(self, size: int) -> None:
        delay = self._delay
        while delay < min(_LEAST_STRETCH, size):
            self._doubled.append((self._feedback, np.zeros(delay, dtype=np.float32)))
            delay, self._feedback = 2 * delay, self._feedback * self._feedback
        memory = self._memory = np.zeros(delay + size, dtype=np.float32)
        share = np.empty(delay, dtype=np.float32)
        starts = range(0, size, delay)
        self._stretches = [
            (memory[start:end], memory[start + delay : end + delay], share[: end - start])
            for start, end in zip(starts, (*starts[1:], size), strict=True)
        ]


_TAPS_S = (
    ((0.0, 0.0391, 0.0741), (0.0131, 0.0213, 0.0617)),
    ((0.0071, 0.0097, 0.0473), (0.0297, 0.0531, 0.0683)),
)
"""Early reflections in two halves, each what is added and what is taken away. The second half is taken away on the right."""
_COMBS_S = ((0.0571, 0.0797), (0.0631, 0.0743))
_ROOM = 0.0142


class Room:
    """A soft reverberation: what goes in comes back scattered, then again and again, on each side in another way.

    Sparse echoes of both signs scatter at one addition each (Karjalainen and Järveläinen, 2007).
    """

    def __init__(self, rate_hz: float, feedback: float, gain: float) -> None:
        self._gain = np.array(_ROOM * gain, np.float32)
        self._taps = [[[round(delay * rate_hz) for delay in delays] for delays in half] for half in _TAPS_S]
        self._reach = max(delay for half in self._taps for delays in half for delay in delays)
        self._past = np.zeros(0, np.float32)
        self._combs = [[Comb(round(delay * rate_hz), feedback) for delay in delays] for delays in _COMBS_S]

    def answer(self, block: Wave, wet: Wave) -> None:
        """Write what comes back of `block` (samples,) to `wet` (2, samples)."""
        size, reach = len(block), self._reach
        if not len(self._past):
            self._past = np.zeros(reach + size, np.float32)
        past = self._past
        past[:reach] = past[size:].copy()
        np.multiply(block, self._gain, out=past[reach:])
        halves = scratch("scattered", (2, size), np.float32)
        for (added, taken), out in zip(self._taps, halves, strict=True):
            first, second, *others = (past[reach - delay : reach - delay + size] for delay in added)
            np.add(first, second, out=out)
            for late in others:
                np.add(out, late, out=out)
            for delay in taken:
                np.subtract(out, past[reach - delay : reach - delay + size], out=out)
        np.add(halves[0], halves[1], out=wet[0])
        np.subtract(halves[0], halves[1], out=wet[1])
        for combs, side in zip(self._combs, wet, strict=True):
            one, other = (comb.late(side) for comb in combs)
            np.add(one, other, out=side)


class Doubler:
    """Brings both sides from half the sample rate to the whole one, block by block; they are half as loud as they come out."""

    def __init__(self) -> None:
        self._last = np.zeros((2, 1), np.float32)

    def write(self, block: Wave, out: Wave) -> None:
        """Write (2, samples) to the (2, 2·samples) of `out`; every other one is the mean of its neighbours."""
        np.add(block, block, out=out[:, 1::2])
        np.add(block[:, 1:], block[:, :-1], out=out[:, 2::2])
        np.add(block[:, :1], self._last, out=out[:, :1])
        self._last = block[:, -1:].copy()


_TARGET_POWER = 0.029444
"""Mean square over both channels at -16 LUFS: 10^((-16 + 0.691) / 10), ITU-R BS.1770."""
_SILENCE_POWER = 1.17e-7
_SHELF = np.float32(0.3)
_FINE = np.float32(2**12)
_FULL_SCALE = float(2**24)
_STEP = 4
"""One sample of so many is weighed: of music they have the same power as all."""


def powers(block: Wave, rate_hz: int) -> list[int]:
    """Return the weighted energy of each fifth of a second of a (2, samples) block, a whole number of fifths.

    The weighting approximates BS.1770's: a shelf of 4 dB around 8 kHz. Both channels are added, and the squares are
    added as whole numbers below 2^53, which come out the same in any order.
    """
    lag = min(max(1, rate_hz // 16_000), _STEP - 1)
    fifths = block.reshape(2, -1, _fifth(rate_hz)).swapaxes(0, 1)
    shape = (*fifths.shape[:2], _weighed(rate_hz))
    before, heard = scratch("before", shape, np.float32), scratch("heard", shape, np.float32)
    before[...] = fifths[..., _STEP - 1 - lag : -lag : _STEP]
    heard[...] = fifths[..., _STEP - 1 :: _STEP]
    np.subtract(heard, before, out=before)
    before *= _SHELF
    heard += before
    heard *= _FINE
    whole = scratch("whole steps", shape, np.float64)
    whole[...] = np.rint(heard, out=heard)
    flat = whole.reshape(len(whole), -1)
    return [int(total) for total in np.einsum("fs,fs->f", flat, flat)]


def _fifth(rate_hz: int) -> int:
    return rate_hz // 10 * 2


def _weighed(rate_hz: int) -> int:
    """Return how many samples of a fifth of a second are weighed."""
    return _fifth(rate_hz) // _STEP


def makeup(fifths: list[int], rate_hz: int) -> float:
    """Return the factor that brings music of these powers to -16 LUFS, gated as in BS.1770-4."""
    full_scale = _FULL_SCALE * _weighed(rate_hz)
    loud = [power for power in fifths if power > _SILENCE_POWER * full_scale]
    heard = [power for power in loud if power * len(loud) * 10 > sum(loud)]
    if not heard:
        return 1.0
    return math.sqrt(_TARGET_POWER * len(heard) * full_scale / sum(heard))


_MOST = 32_767
_CEILING, _KNEE = np.float32(0.88 * _MOST), np.float32(0.6 * _MOST)
"""-1.1 dBFS, and above what samples are bent towards it."""
_FIRST_IS_LOW = sys.byteorder == "little"


def finish(block: Wave, gain: float, pcm: npt.NDArray[np.int16]) -> None:
    """Apply `gain` and a soft ceiling, and write (samples, channels) as 16-bit integers to `pcm`. The block is overwritten.

    Both channels are packed into integers of 32 bits first: NumPy is slow with every other number.
    """
    block *= np.float32(gain * _MOST)
    size = np.abs(block, out=scratch("sizes", block.shape, np.float32))
    if size.size and size.max() > _KNEE:
        for wave, sizes in zip(block, size, strict=True):
            loud = np.flatnonzero(sizes > _KNEE)
            over = sizes[loud] - _KNEE
            over /= over * (np.float32(1) / (_CEILING - _KNEE)) + np.float32(1)
            wave[loud] = np.copysign(over + _KNEE, wave[loud])
    whole = scratch("steps", block.shape, np.int32)
    whole[...] = np.rint(block, out=block)
    low, high = whole if _FIRST_IS_LOW else whole[::-1]
    low &= 0xFFFF
    high <<= 16
    np.bitwise_or(low, high, out=pcm.view(np.int32)[:, 0])
