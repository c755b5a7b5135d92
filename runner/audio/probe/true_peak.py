"""True peak by ITU-R BS.1770-5, Annex 2: four times oversampled by its filter of 48 taps, at every sample rate.

Only what may hold the peak is oversampled: no result is larger than GAIN times the largest sample that it is made of.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

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
_MARGIN = _TAPS - 1
_ROWS = 512
"""Blocks that are multiplied at once: more would call for threads of the linear algebra."""


def _matrix() -> Wave:
    """Return what makes the four phases of a block out of its samples and the margin behind it."""
    matrix = np.zeros((_BLOCK + _MARGIN, _BLOCK * len(FILTER)), np.float32)
    for phase, taps in enumerate(FILTER):
        for place in range(_BLOCK):
            matrix[place : place + _TAPS, phase * _BLOCK + place] = taps[::-1]
    return matrix


_MATRIX = _matrix()
_PLACES = np.arange(_BLOCK + _MARGIN)


class TruePeak:
    """The true peak of some channels, of which each piece is taken in order. Before and behind them is silence."""

    def __init__(self, channels: int) -> None:
        self._rest = np.zeros((channels, _MARGIN), np.float32)
        self._peak = 0.0

    def add(self, wave: Wave) -> None:
        """Take one more piece, of shape (channels, samples)."""
        wave = np.concatenate((self._rest, wave), axis=1)
        whole = (wave.shape[1] - _MARGIN) // _BLOCK * _BLOCK
        if whole > 0:
            self._take(wave, whole)
        self._rest = wave[:, whole:].copy()

    def dbtp(self) -> float | None:
        """Return the peak in dBTP once all is taken; None when every sample is zero."""
        self.add(np.zeros((len(self._rest), _MARGIN + _BLOCK), np.float32))
        return 20 * math.log10(self._peak) if self._peak else None

    def _take(self, wave: Wave, whole: int) -> None:
        """Take the blocks in the first `whole` samples; behind each is a margin."""
        largest = np.abs(wave[:, :whole].reshape(len(wave), -1, _BLOCK)).max(axis=2)
        behind = np.abs(wave[:, whole : whole + _MARGIN]).max(axis=1, keepdims=True)
        self._peak = max(self._peak, float(largest.max()))
        reach = np.maximum(largest, np.concatenate((largest[:, 1:], behind), axis=1))
        channel, block = np.nonzero(reach > self._peak / _GAIN)
        starts = channel * wave.shape[1] + block * _BLOCK
        for at in range(0, len(starts), _ROWS):
            places = starts[at : at + _ROWS, np.newaxis] + _PLACES
            made = wave.ravel()[places] @ _MATRIX
            self._peak = max(self._peak, float(made.max()), -float(made.min()))
