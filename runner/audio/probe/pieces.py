"""Cut what is decoded into pieces of one length, as shares of full scale."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import av
import numpy as np

from runner.audio.probe.container_header import BadAudio
from runner.audio.probe.true_peak import MARGIN
from runner.audio.scratch import scratch

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from runner.audio.probe.true_peak import Wave

_PAIR = 2
_AT_ONCE = 1 << 12
"""Samples of a channel that are taken from what is decoded together."""


class Pieces:
    """Takes frames of the format of the first one, and gives pieces of `length` samples, a multiple of MARGIN, each behind a margin.

    A piece has the shape (channels, MARGIN + `length`): it begins with the MARGIN samples before it. The next one overwrites it.
    """

    def __init__(self, frame: av.AudioFrame, length: int) -> None:
        self._channels, self._planar = frame.layout.nb_channels, frame.format.is_planar
        self._length, self._filled = length, 0
        self._fresh = av.AudioFifo()  # frames of a thousand samples each would cost more than what is done with them
        self._wave = np.zeros((self._channels, length + 3 * MARGIN), np.float32)

    def add(self, frame: av.AudioFrame) -> Iterator[Wave]:
        """Take one more frame and yield each piece that it completes. Raises BadAudio for a frame of another format."""
        frame.pts = None
        try:
            self._fresh.write(frame)
        except ValueError as error:
            raise BadAudio("broken: the format of its samples changes on the way") from error
        while self._filled + self._fresh.samples >= self._length:
            self._take(self._length - self._filled)
            piece = self._wave[:, : MARGIN + self._length]
            yield piece
            piece[:, :MARGIN] = piece[:, -MARGIN:]
            self._filled = 0
        if self._fresh.samples >= _AT_ONCE:
            self._take(self._fresh.samples)

    def _take(self, count: int) -> None:
        """Write so many samples to the piece."""
        frame = self._fresh.read(count) if count else None
        if frame is None:
            return
        start = MARGIN + self._filled
        _put(frame.to_ndarray(), self._wave[:, start : start + count], is_planar=self._planar)
        self._filled += count

    def rest(self) -> tuple[Wave, int]:
        """Return the last piece, and how many samples it has. Behind them is silence of at least a margin."""
        self._take(self._fresh.samples)
        return _ended(self._wave, self._filled), self._filled


def cut(pcm: npt.NDArray[np.int16], length: int) -> Iterator[tuple[Wave, int]]:
    """Yield the pieces of samples of shape (samples, channels), the last one too, and how many samples each one has."""
    wave = np.zeros((pcm.shape[1], length + 3 * MARGIN), np.float32)
    whole = len(pcm) // length * length
    for start in range(0, whole, length):
        _put(pcm[start : start + length], wave[:, MARGIN : MARGIN + length], is_planar=False)
        yield wave[:, : MARGIN + length], length
        wave[:, :MARGIN] = wave[:, length : MARGIN + length]
    rest = len(pcm) - whole
    _put(pcm[whole:], wave[:, MARGIN : MARGIN + rest], is_planar=False)
    yield _ended(wave, rest), rest


def _ended(wave: Wave, count: int) -> Wave:
    """Return the last piece, of so many samples, with silence of at least a margin behind them."""
    end = MARGIN + count
    wave[:, end:] = 0
    return wave[:, : end + -end % MARGIN + MARGIN]


def _put(raw: npt.NDArray[np.generic], wave: Wave, *, is_planar: bool) -> None:
    """Write samples of any format to `wave`."""
    channels = len(wave)
    if not is_planar and channels == _PAIR and raw.dtype == np.int16 and sys.byteorder == "little":
        _put_pairs(raw.reshape(-1).view(np.int32), wave)
        return
    if not is_planar:
        raw = raw.reshape(-1, channels).T
    if raw.dtype.kind == "f":
        with np.errstate(over="ignore", invalid="ignore"):
            np.copyto(wave, raw, casting="same_kind")
        return
    np.copyto(wave, raw, casting="unsafe")
    if raw.dtype.kind == "u":
        wave -= 128
    wave *= np.float32(2.0 ** (1 - 8 * raw.dtype.itemsize))


def _put_pairs(pairs: npt.NDArray[np.int32], wave: Wave) -> None:
    """Write samples of 16 bits, left and right in one integer, to `wave`: NumPy is slow with every other number."""
    half = scratch("half", pairs.shape, np.int32)
    np.copyto(wave[0], np.left_shift(pairs, 16, out=half), casting="unsafe")
    np.copyto(wave[1], np.bitwise_and(pairs, -1 << 16, out=half), casting="unsafe")
    wave *= np.float32(2.0**-31)
