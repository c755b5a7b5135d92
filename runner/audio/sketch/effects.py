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


class _Delay:
    """A delay line with feedback, v[n] = x[n] + g·v[n-d].

    Its memory is one array: what is left of the last block, then this block. Each stretch of d samples follows from the one
    before it, and all stretches are cut out once, as long as the blocks have one length.
    """

    def __init__(self, delay: int, feedback: float) -> None:
        self._delay, self._feedback = delay, np.float32(feedback)
        self._memory = np.zeros(delay, dtype=np.float32)
        self._stretches: list[tuple[Wave, Wave, Wave]] = []

    def run(self, block: Wave) -> tuple[Wave, Wave]:
        """Return v[n-d] and v[n] for a block; both are overwritten by the next one."""
        delay, size = self._delay, len(block)
        left = self._memory[-delay:].copy()
        if len(self._memory) != delay + size:
            self._cut(size)
        self._memory[:delay] = left
        fed = self._memory[delay:]
        fed[:] = block
        for before, now, scratch in self._stretches:
            np.multiply(before, self._feedback, scratch)
            np.add(now, scratch, now)
        return self._memory[:size], fed

    def _cut(self, size: int) -> None:
        delay = self._delay
        self._memory = np.empty(delay + size, dtype=np.float32)
        scratch = np.empty(delay, dtype=np.float32)
        starts = range(0, size, delay)
        self._stretches = [
            (self._memory[start:end], self._memory[start + delay : end + delay], scratch[: end - start])
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


class Room:
    """A soft reverberation at half the sample rate, the left fed by the right and back.

    Inside it the two sides take turns in one array, so that one pass over it does both.
    """

    def __init__(self, rate_hz: int, feedback: float) -> None:
        half = rate_hz / 2
        self._combs = [Comb(2 * round(delay * half), feedback) for delay in _COMBS_S]
        self._diffusers = [Diffuser(2 * round(delay * half)) for delay in _DIFFUSERS_S]
        self._last = np.zeros(2, dtype=np.float32)

    def add(self, block: Wave, out: Wave, gain: float) -> None:
        """Add the room's answer to `block` to `out`; both (2, even number of samples)."""
        pairs = np.empty((block.shape[1] // 2, 2), dtype=np.float32)
        np.add(block[:, 0::2], block[:, 1::2], out=pairs.T)
        dull = pairs.reshape(-1)
        dull *= np.float32(0.125)
        for diffuser in self._diffusers:
            diffuser.smear(dull)
        crossed = pairs[:, ::-1].reshape(-1)
        wet = np.zeros_like(dull)
        for number, comb in enumerate(self._combs):
            comb.add(crossed if number % 2 else dull, wet)
        wet *= np.float32(gain)
        dull[2:] = wet[:-2]
        dull[:2] = self._last
        self._last = wet[-2:].copy()
        dull += wet
        dull *= np.float32(0.5)
        out[:, 1::2] += wet.reshape(-1, 2).T
        out[:, 0::2] += pairs.T


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
    thin = block[:, ::2].copy()
    heard = thin.copy()
    heard[:, lag:] -= thin[:, : thin.shape[1] - lag]
    heard *= _SHELF
    heard += thin
    heard *= _FINE
    whole = np.rint(heard, out=heard).astype(np.float64).reshape(2, -1, step)
    return [int(total) for total in np.einsum("cfs,cfs->f", whole, whole)]


def makeup(fifths: list[int], rate_hz: int) -> float:
    """Return the factor that brings music of these powers to -16 LUFS, gated as in BS.1770-4."""
    loud = [power for power in fifths if power * _FULL_SCALE > _SILENCE_POWER * rate_hz]
    heard = [power for power in loud if power * len(loud) * 10 > sum(loud)]
    if not heard:
        return 1.0
    return math.sqrt(_TARGET_POWER * len(heard) * rate_hz / (sum(heard) * _FULL_SCALE))


def finish(block: Wave, gain: float, pcm: npt.NDArray[np.int16]) -> None:
    """Apply `gain` and a soft ceiling of -1.1 dBFS, and write (samples, channels) as 16-bit integers to `pcm`."""
    loud = block * np.float32(gain)
    size = np.abs(loud)
    if size.max(initial=0) > _KNEE:
        over = size - np.float32(_KNEE)
        np.maximum(over, np.float32(0), out=over)
        soft = over * np.float32(1 / (CEILING - _KNEE))
        soft += np.float32(1)
        over /= soft
        np.minimum(size, np.float32(_KNEE), out=size)
        size += over
        np.copysign(size, loud, out=loud)
    loud *= np.float32(32767)
    for side, wave in enumerate(np.rint(loud, out=loud).astype(np.int16)):
        pcm[:, side] = wave
