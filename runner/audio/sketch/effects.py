"""Echo, room, loudness and ceiling, all by single additions and multiplications (see waves.py)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from runner.audio.scratch import scratch

if TYPE_CHECKING:
    import numpy.typing as npt

    from runner.audio.sketch.waves import Wave

CEILING = 0.88
_KNEE = 0.6
_LEAST_STRETCH = 2048
"""Samples for which a step of NumPy takes longer than its call."""


class _Delay:
    """A delay line with feedback, v[n] = x[n] + g·v[n-d].

    Its memory is one array: what is left of the last block, then this block. Each stretch of d samples follows from the one
    before it, and all stretches are cut out once, as the blocks have one length. A short delay is made twice as long as often
    as it takes: v[n] = x[n] + g·x[n-d] + g²·v[n-2d].
    """

    def __init__(self, delay: int, feedback: float) -> None:
        self._delay, self._feedback = delay, np.float32(feedback)
        self._doubled: list[tuple[np.float32, Wave]] = []
        self._memory = np.zeros(delay, dtype=np.float32)
        self._stretches: list[tuple[Wave, Wave, Wave]] = []

    def run(self, block: Wave) -> tuple[Wave, Wave]:
        """Return v[n-d] and v[n] for a block; both are overwritten by the next one."""
        size = len(block)
        if not self._stretches:
            self._cut(size)
        kept = len(self._memory) - size
        self._memory[:kept] = self._memory[size:].copy()
        fed = self._memory[kept:]
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
        return self._memory[kept - self._delay : -self._delay], fed

    def _cut(self, size: int) -> None:
        delay = self._delay
        while delay < min(_LEAST_STRETCH, size):
            self._doubled.append((self._feedback, np.zeros(delay, dtype=np.float32)))
            delay, self._feedback = 2 * delay, self._feedback * self._feedback
        self._memory = np.zeros(delay + size, dtype=np.float32)
        share = np.empty(delay, dtype=np.float32)
        starts = range(0, size, delay)
        self._stretches = [
            (self._memory[start:end], self._memory[start + delay : end + delay], share[: end - start])
            for start, end in zip(starts, (*starts[1:], size), strict=True)
        ]


class Comb:
    """A delay line with feedback over blocks: y[n] = x[n-d] + g·y[n-d]."""

    def __init__(self, delay: int, feedback: float) -> None:
        self._line = _Delay(max(delay, 1), feedback)

    def add(self, block: Wave, out: Wave) -> None:
        """Add the delayed `block` to `out`."""
        late, _ = self._line.run(block)
        out += late


class Diffuser:
    """An allpass over blocks that smears its input (Schroeder, 1962)."""

    _GAIN = 0.6

    def __init__(self, delay: int) -> None:
        self._line = _Delay(delay, self._GAIN)

    def smear(self, block: Wave) -> None:
        """Replace `block` by its smeared self."""
        late, fed = self._line.run(block)
        np.multiply(fed, np.float32(self._GAIN), out=block)
        np.subtract(late, block, out=block)


_COMBS_S = (0.0437, 0.0511, 0.0593, 0.0671)
_DIFFUSERS_S = (0.0127, 0.0297)
_ROOM = 0.0475


class Room:
    """A soft reverberation at half the sample rate: what goes in is smeared, and comes back later left and right."""

    def __init__(self, rate_hz: int, feedback: float) -> None:
        half = rate_hz / 2
        self._combs = [Comb(round(delay * half), feedback) for delay in _COMBS_S]
        self._diffusers = [Diffuser(round(delay * half)) for delay in _DIFFUSERS_S]
        self._last = np.zeros((2, 1), dtype=np.float32)

    def add(self, block: Wave, out: Wave, gain: float) -> None:
        """Add the room's answer to both sides of `block` to `out`; both (2, even number of samples)."""
        half = block.shape[1] // 2
        dull, wet = scratch("dull", (half,), np.float32), scratch("wet", (2, half), np.float32)
        np.add(block[0, 0::2], block[0, 1::2], out=dull)
        dull += block[1, 0::2]
        dull += block[1, 1::2]
        dull *= np.float32(_ROOM * gain)
        for diffuser in self._diffusers:
            diffuser.smear(dull)
        wet.fill(0)
        for number, comb in enumerate(self._combs):
            comb.add(dull, wet[number % 2])
        both = scratch("both", (2, 2 * half), np.float32)
        both[:, 1::2] = wet
        wet *= np.float32(0.5)
        both[:, 0::2] = wet
        both[:, 2::2] += wet[:, :-1]
        both[:, :1] += self._last
        self._last = wet[:, -1:].copy()
        out += both


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
    added as whole numbers below 2^53, which come out the same in any order.
    """
    lag = max(1, rate_hz // 12_000) // 2
    step = rate_hz // 10
    shape = (2, block.shape[1] // 2)
    thin, heard = scratch("thin", shape, np.float32), scratch("heard", shape, np.float32)
    thin[...] = block[:, ::2]
    heard[:, :lag] = thin[:, :lag]
    np.subtract(thin[:, lag:], thin[:, : shape[1] - lag], out=heard[:, lag:])
    heard *= _SHELF
    heard += thin
    heard *= _FINE
    whole = scratch("whole steps", shape, np.float64)
    whole[...] = np.rint(heard, out=heard)
    fifths = whole.reshape(2, -1, step)
    return [int(total) for total in np.einsum("cfs,cfs->f", fifths, fifths)]


def makeup(fifths: list[int], rate_hz: int) -> float:
    """Return the factor that brings music of these powers to -16 LUFS, gated as in BS.1770-4."""
    loud = [power for power in fifths if power * _FULL_SCALE > _SILENCE_POWER * rate_hz]
    heard = [power for power in loud if power * len(loud) * 10 > sum(loud)]
    if not heard:
        return 1.0
    return math.sqrt(_TARGET_POWER * len(heard) * rate_hz / (sum(heard) * _FULL_SCALE))


def finish(block: Wave, gain: float, pcm: npt.NDArray[np.int16]) -> None:
    """Apply `gain` and a soft ceiling of -1.1 dBFS, and write (samples, channels) as 16-bit integers to `pcm`.

    The block is overwritten.
    """
    block *= np.float32(gain)
    size = np.abs(block, out=scratch("sizes", block.shape, np.float32))
    loud = size > np.float32(_KNEE)
    if loud.any():
        over = size[loud] - np.float32(_KNEE)
        over /= over * np.float32(1 / (CEILING - _KNEE)) + np.float32(1)
        block[loud] = np.copysign(over + np.float32(_KNEE), block[loud])
    block *= np.float32(32767)
    whole = scratch("steps", block.shape, np.int16)
    whole[...] = np.rint(block, out=block)
    for side, wave in enumerate(whole):
        pcm[:, side] = wave
