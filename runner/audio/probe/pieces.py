"""Cut what is decoded into pieces of one length, as shares of full scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

import av
import numpy as np

from runner.audio.probe.container_header import BadAudio
from runner.audio.probe.flat import FlatFrame
from runner.audio.probe.true_peak import MARGIN

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from runner.audio.probe.true_peak import Wave

_AT_ONCE = 1 << 12
"""Samples of a channel that are taken from what is decoded together."""


class Pieces:
    """Takes frames of the format of the first one, and gives pieces of `length` samples, a multiple of MARGIN, each behind a margin.

    A piece has the shape (channels, MARGIN + `length`): it begins with the MARGIN samples before it. The next one overwrites it.
    """

    def __init__(self, frame: av.AudioFrame | FlatFrame, length: int) -> None:
        self._channels, self._planar = frame.layout.nb_channels, frame.format.is_planar
        self._length, self._filled = length, 0
        self._fresh = av.AudioFifo()  # frames of a thousand samples each would cost more than what is done with them
        self._wave = np.zeros((self._channels, length + 3 * MARGIN), np.float32)

    def add(self, frame: av.AudioFrame | FlatFrame) -> Iterator[Wave]:
        """Take one more frame and yield each piece that it completes. Raises BadAudio for a frame of another format."""
        if isinstance(frame, FlatFrame):
            at = 0
            while at < frame.samples:
                count = min(self._length - self._filled, frame.samples - at)
                self._put(frame.raw[at : at + count].T)
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
        """Write so many samples to the piece."""
        frame = self._fresh.read(count) if count else None
        if frame is None:
            return
        raw = frame.to_ndarray()
        self._put(raw if self._planar else raw.reshape(-1, self._channels).T)

    def _put(self, raw: npt.NDArray[np.generic]) -> None:
        """Write samples of shape (channels, samples) behind those that are in the piece."""
        start = MARGIN + self._filled
        _write(raw, self._wave[:, start : start + raw.shape[1]])
        self._filled += raw.shape[1]

    def rest(self) -> tuple[Wave, int]:
        """Return the last piece, and how many samples it has. Behind them is silence of at least a margin."""
        self._take(self._fresh.samples)
        end = MARGIN + self._filled
        self._wave[:, end:] = 0
        return self._wave[:, : end + -end % MARGIN + MARGIN], self._filled


def _write(raw: npt.NDArray[np.generic], wave: Wave) -> None:
    """Write samples of any format to `wave`."""
    if raw.dtype.kind == "f":
        with np.errstate(over="ignore", invalid="ignore"):
            np.copyto(wave, raw, casting="same_kind")
        return
    np.copyto(wave, raw, casting="unsafe")
    if raw.dtype.kind == "u":
        wave -= 128
    wave *= np.float32(2.0 ** (1 - 8 * raw.dtype.itemsize))
