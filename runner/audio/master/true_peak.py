"""True peaks (ITU-R BS.1770, annex 2): how high the sound is between its samples, too, for each short stretch of it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from runner.audio.master.blocks import Block

STRETCH = 64
"""How many samples have one peak."""
_HALF = 16
"""Samples on each side that a value between two samples depends on: a longer filter than the standard's."""
_ROWS = 8
"""Stretches in one product of matrices: a larger one would be spread over threads, which costs more than it saves."""

Envelope = npt.NDArray[np.float32]


class TruePeaks:
    """Collects the highest true peak of all channels for each stretch of STRETCH samples."""

    def __init__(self, rate_hz: int, channels: int) -> None:
        self._filter = _interpolator(4 if rate_hz < 96_000 else 2 if rate_hz < 192_000 else 1)
        self._waiting = np.zeros((_HALF, channels), np.float32)
        self._found: list[Envelope] = []

    def add(self, block: Block) -> None:
        """Take in more samples."""
        whole = np.concatenate((self._waiting, block))
        rows = (len(whole) - 2 * _HALF) // STRETCH
        if rows > 0:
            self._found.append(self._peaks(whole, rows))
            whole = whole[rows * STRETCH :]
        self._waiting = whole

    def result(self) -> Envelope:
        """Return the peak of each stretch; the last one may be shorter."""
        left = len(self._waiting) - _HALF
        if left > 0:
            padding = np.zeros((_HALF + STRETCH, self._waiting.shape[1]), np.float32)
            self._found.append(self._peaks(np.concatenate((self._waiting, padding)), -(-left // STRETCH)))
        self._waiting = self._waiting[:0]
        return np.concatenate(self._found) if self._found else np.zeros(0, np.float32)

    def _peaks(self, whole: Block, rows: int) -> Envelope:
        """Return the peaks of so many stretches; the first one begins _HALF samples after the start of `whole`."""
        lines = -(-rows // _ROWS) * _ROWS
        padded = np.zeros((whole.shape[1], lines * STRETCH + 2 * _HALF), np.float32)
        length = min(len(whole), padded.shape[1])
        padded[:, :length] = whole[:length].T
        windows = np.lib.stride_tricks.sliding_window_view(padded, STRETCH + 2 * _HALF, axis=1)[:, ::STRETCH]
        between = np.ascontiguousarray(windows).reshape(-1, _ROWS, STRETCH + 2 * _HALF) @ self._filter
        samples = padded[:, _HALF:-_HALF].reshape(len(padded), lines, STRETCH)
        found = np.maximum(_highest(between).reshape(len(padded), lines), _highest(samples))
        highest: Envelope = found.max(axis=0)[:rows]
        return highest


def _highest(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the largest amplitude along the last axis."""
    highest: npt.NDArray[np.float32] = np.maximum(values.max(axis=-1), -values.min(axis=-1))
    return highest


@cache
def _interpolator(factor: int) -> npt.NDArray[np.float32]:
    """Return the matrix that makes the values between the samples of a stretch, from it and _HALF samples on each side."""
    width = STRETCH + 2 * _HALF
    matrix = np.zeros((width, max(1, factor - 1) * STRETCH), np.float32)
    taps = np.arange(1 - _HALF, _HALF + 1)
    for part in range(1, factor):
        away = taps - part / factor
        window = np.i0(8.0 * np.sqrt(np.maximum(0, 1 - (away / _HALF) ** 2))) / np.i0(8.0)
        values = np.sinc(away) * window
        for at in range(STRETCH):
            matrix[at + _HALF + taps, (part - 1) * STRETCH + at] = values
    return matrix
