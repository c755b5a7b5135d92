"""Wave tables and envelopes, exact on every machine.

No value depends on a processor: sines come from `math.sin` rounded to a 2^-15 grid, and everything after that is
single additions, multiplications, divisions and table look-ups, which IEEE 754 fixes to the last bit. So no power of a
float, no `sum` of floats (Python 3.12 changed it; `math.fsum` is exact), and no reduction of NumPy's over floats.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Sequence

Wave: TypeAlias = npt.NDArray[np.float32]

TABLE_BITS = 13
TABLE_SIZE = 1 << TABLE_BITS
GRID = 1 << 15

_SEMITONES = (1.0, 1.0594631, 1.1224620, 1.1892071, 1.2599210, 1.3348399, 1.4142136, 1.4983071, 1.5874011, 1.6817928, 1.7817974, 1.8877486)  # fmt: skip
_C_MINUS_1_HZ = 8.1757989


def hertz(pitch: int) -> float:
    """Return the frequency of a MIDI pitch in equal temperament, A4 = 440 Hz."""
    octave, semitone = divmod(pitch, 12)
    return _C_MINUS_1_HZ * _SEMITONES[semitone] * float(1 << octave)


@lru_cache(maxsize=1)
def sine() -> Wave:
    """Return one cycle of a sine in TABLE_SIZE steps, on the 2^-15 grid."""
    steps = (round(math.sin(2 * math.pi * step / TABLE_SIZE) * GRID) for step in range(TABLE_SIZE))
    return np.array(list(steps), dtype=np.float32) * np.float32(1 / GRID)


@lru_cache(maxsize=512)
def cycle(harmonics: Sequence[float], count: int) -> Wave:
    """Add the first `count` harmonics with the given strengths to one cycle whose peak is 1."""
    table: Wave = np.zeros(TABLE_SIZE, dtype=np.float32)
    steps = np.arange(TABLE_SIZE, dtype=np.int64)
    for number, strength in enumerate(harmonics[:count], start=1):
        table += strength * sine()[steps * number & TABLE_SIZE - 1]
    peak = max(float(table.max()), -float(table.min()), 1 / GRID)
    table *= np.float32(1 / peak)
    return table


@lru_cache(maxsize=128)
def ramp(count: int) -> Wave:
    """Rise from 0 towards 1 in `count` samples, smooth at both ends (3t² - 2t³); read-only."""
    step: Wave = np.arange(count, dtype=np.float32) * np.float32(1 / max(count, 1))
    step *= step * (np.float32(3) - step * np.float32(2))
    step.flags.writeable = False
    return step


@lru_cache(maxsize=128)
def drop(count: int) -> Wave:
    """Fall from 1 towards 0 as `ramp` rises; read-only."""
    step: Wave = np.ascontiguousarray(ramp(count)[::-1])
    step.flags.writeable = False
    return step


def fall(count: int, time_samples: float) -> Wave:
    """Fall from 1 by a factor of about 1/e every `time_samples`; read-only."""
    return _fall(max(1, count - 1).bit_length(), time_samples)[:count]


@lru_cache(maxsize=96)
def _fall(doublings: int, time_samples: float) -> Wave:
    """Built by doubling: the second half of each stretch is the first half times one factor."""
    curve = np.ones(1 << doublings, dtype=np.float32)
    factor = 1 - 1 / max(time_samples, 2.0)
    for doubling in range(doublings):
        half = 1 << doubling
        np.multiply(curve[:half], np.float32(factor), out=curve[half : 2 * half])
        factor *= factor
    curve.flags.writeable = False
    return curve


def phases(count: int, frequency_hz: float, rate_hz: float) -> npt.NDArray[np.uint32]:
    """Return the phase of each sample as a fraction of 2^32, from 0."""
    return np.arange(count, dtype=np.uint32) * np.uint32(round(frequency_hz / rate_hz * 2**32))


def look_up(table: Wave, phase: npt.NDArray[np.uint32]) -> Wave:
    """Read a one-cycle table at each phase."""
    return table.take(phase >> np.uint32(32 - TABLE_BITS))
