"""True peak by ITU-R BS.1770-5, Annex 2: four times oversampled by its filter of 48 taps, at every sample rate.

Only what may hold the peak is oversampled: no result is larger than GAIN times the largest sample that it is made of.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from runner.audio.scratch import scratch

Wave = npt.NDArray[np.float32]

_TAPS = 12
_FIRST = (
    0.0017089843750, 0.0109863281250, -0.0196533203125, 0.0332031250000, -0.0594482421875, 0.1373291015625,
    0.9721679687500, -0.1022949218750, 0.0476074218750, -0.0266113281250, 0.0148925781250, -0.0083007812500,
)  # fmt: skip
_SECOND = (
    -0.0291748046875, 0.0292968750000, -0.0517578125000, 0.0891113281250, -0.1665039062500, 0.4650878906250,
    0.7797851562500, -0.2003173828125, 0.1015625000000, -0.0582275390625, 0.0330810546875, -0.0189208984375,
)  # fmt: skip
FILTER = np.array((_FIRST, _SECOND, _SECOND[::-1], _FIRST[::-1]), np.float32)
"""Its four phases, the first sample of each last."""
_GAIN = float(np.abs(FILTER).sum(axis=1).max())
_BLOCK = 16
MARGIN = _BLOCK
"""Samples of the piece before that a piece begins with: the filter needs fewer, and a whole block is as good."""
_SPAN = _BLOCK + _TAPS - 1
_FIRST_PLACE = MARGIN + 1 - _TAPS
_ROWS = 128
"""Blocks that are multiplied at once: more would call for threads of the linear algebra."""
_WINDOWS = 4 * _ROWS
"""Blocks whose samples are collected at once, and whose results are looked through."""


def _matrix() -> Wave:
    """Return what makes the four phases of a block out of its samples and those before it."""
    matrix = np.zeros((_SPAN, _BLOCK * len(FILTER)), np.float32)
    for phase, taps in enumerate(FILTER):
        for place in range(_BLOCK):
            matrix[place : place + _TAPS, phase * _BLOCK + place] = taps[::-1]
    return matrix


_MATRIX = _matrix()


class TruePeak:
    """The true peak of some channels, of which each piece is taken in order. Before and behind them is silence.

    It is at least `known`, the largest magnitude of a sample where that was looked for before: less has to be oversampled then.
    """

    def __init__(self, known: float = 0.0) -> None:
        self._peak = known

    def add(self, wave: Wave, near: Wave) -> None:
        """Take one more piece behind its MARGIN. `near` has for each block the largest magnitude that it is made of, or one near by."""
        self._peak = max(self._peak, float(near.max()))
        channel, block = np.nonzero(near > self._peak / _GAIN)
        shape, strides = (*near.shape, _SPAN), (wave.strides[0], _BLOCK * wave.strides[1], wave.strides[1])
        windows = np.lib.stride_tricks.as_strided(wave[:, _FIRST_PLACE:], shape, strides, writeable=False)
        for at in range(0, len(block), _WINDOWS):
            samples = windows[channel[at : at + _WINDOWS], block[at : at + _WINDOWS]]
            made = scratch("phases", (len(samples), _MATRIX.shape[1]), np.float32)
            for row in range(0, len(samples), _ROWS):
                np.matmul(samples[row : row + _ROWS], _MATRIX, out=made[row : row + _ROWS])
            self._peak = max(self._peak, float(made.max()), -float(made.min()))

    def dbtp(self) -> float | None:
        """Return the peak in dBTP once all is taken; None when every sample is zero."""
        return 20 * math.log10(self._peak) if self._peak else None


def largest_near(size: Wave) -> Wave:
    """Return for each block of magnitudes, of which the first MARGIN are before it, the largest of the block and that margin.

    The largest of two neighbours, of two such pairs, and so on: whole passes are far quicker than a search in each block.
    """
    near, step = size, 1
    buffers = scratch("near", (2, *size.shape), np.float32)
    while step < _BLOCK:
        width = near.shape[1] - step
        near = np.maximum(near[:, :width], near[:, step:], out=buffers[0, :, :width])
        buffers, step = buffers[::-1], 2 * step
    own = near[:, ::_BLOCK]
    return np.maximum(own[:, :-1], own[:, 1:])
