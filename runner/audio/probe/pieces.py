"""Cut what is decoded into pieces of one length, as shares of full scale."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import av
import numpy as np

from runner.audio.probe.container_header import BadAudio
from runner.audio.probe.flat import FlatFrame
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

    def __init__(self, frame: av.AudioFrame | FlatFrame, length: int) -> None:
        self._planar = frame.format.is_planar
        self._length, self._filled = length, 0
        self._fresh = av.AudioFifo()  # frames of a thousand samples each would cost more than what is done with them
        self._wave = np.zeros((frame.layout.nb_channels, length + 3 * MARGIN), np.float32)

    def add(self, frame: av.AudioFrame | FlatFrame) -> Iterator[Wave]:
        """Take one more frame and yield each piece that it completes. Raises BadAudio for a frame of another format."""
        if isinstance(frame, FlatFrame):
            at = 0
            while at < frame.samples:
                count = min(self._length - self._filled, frame.samples - at)
                self._put(frame.raw[at : at + count], count)
                at += count
                yield from self._complete()
            return
        frame.pts = None
        try:
            self._fresh.write(frame)
        except ValueError as error:
            raise BadAudio("broken: the format of its samples changes on the way") from error
        while self._filled + self._fresh.samples >= self._length:
            self._take(self._length - self._filled)
            yield from self._complete()
        if self._fresh.samples >= _AT_ONCE:
            self._take(self._fresh.samples)

    def _complete(self) -> Iterator[Wave]:
        """Yield the piece if it is whole, and begin the next one."""
        if self._filled == self._length:
            piece = self._wave[:, : MARGIN + self._length]
            yield piece
            piece[:, :MARGIN] = piece[:, -MARGIN:]
            self._filled = 0

    def _take(self, count: int) -> None:
        """Write so many decoded samples to the piece."""
        frame = self._fresh.read(count) if count else None
        if frame is not None:
            self._put(frame.to_ndarray(), count)

    def _put(self, raw: npt.NDArray[np.generic], count: int) -> None:
        """Write so many samples behind those that are in the piece."""
        start = MARGIN + self._filled
        _write(raw, self._wave[:, start : start + count], is_planar=self._planar)
        self._filled += count

    def rest(self) -> tuple[Wave, int]:
        """Return the last piece, and how many samples it has. Behind them is silence of at least a margin."""
        self._take(self._fresh.samples)
        end = MARGIN + self._filled
        self._wave[:, end:] = 0
        return self._wave[:, : end + -end % MARGIN + MARGIN], self._filled


def _write(raw: npt.NDArray[np.generic], wave: Wave, *, is_planar: bool) -> None:
    """Write samples of any format to `wave`."""
    channels = len(wave)
    if not is_planar and channels == _PAIR and raw.dtype == np.int16 and sys.byteorder == "little":
        _write_pairs(raw.reshape(-1).view(np.int32), wave)
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


def _write_pairs(pairs: npt.NDArray[np.int32], wave: Wave) -> None:
    """Write samples of 16 bits, left and right in one integer, to `wave`: NumPy is slow with every other number."""
    half = scratch("half", pairs.shape, np.int32)
    np.copyto(wave[0], np.left_shift(pairs, 16, out=half), casting="unsafe")
    np.copyto(wave[1], np.bitwise_and(pairs, -1 << 16, out=half), casting="unsafe")
    wave *= np.float32(2.0**-31)
