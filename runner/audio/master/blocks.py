"""A take as blocks of samples, one after another, so that a piece of any length needs little memory."""

from __future__ import annotations

from collections import deque
from contextlib import closing
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from runner.audio.master.failure import MasterFailed
from runner.audio.probe.decode import decoded

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator
    from pathlib import Path

    import av

    from runner.records.measured import Probe

Block: TypeAlias = npt.NDArray[np.float32]
"""Samples of shape (samples, channels); full scale is 1.0."""

BLOCK = 1 << 15
LAYOUTS = {1: "mono", 2: "stereo"}


class Shape(Struct, frozen=True, kw_only=True):
    """How the samples of a file are to be read. `layout` is FFmpeg's name of its channels."""

    rate_hz: int
    channels: int
    layout: str


def read(source: Path | bytes) -> tuple[Shape, Iterator[Block]]:
    """Return the shape of a file and its blocks. Raises BadAudio, also while blocks are read."""
    frames = decoded(source)
    first = next(frames)
    channels = first.layout.nb_channels
    layout = LAYOUTS.get(channels, first.layout.name)
    shape = Shape(rate_hz=first.sample_rate, channels=channels, layout=layout)
    return shape, grouped(_whole(first, frames))


def grouped(pieces: Iterable[Block]) -> Iterator[Block]:
    """Join small pieces to blocks of at least BLOCK samples, but for the last one."""
    waiting: list[Block] = []
    count = 0
    for piece in pieces:
        waiting.append(piece)
        count += len(piece)
        if count >= BLOCK:
            yield np.concatenate(waiting) if len(waiting) > 1 else piece
            waiting, count = [], 0
    if count:
        yield np.concatenate(waiting)


def cut(blocks: Iterable[Block], start: int, end: int | None) -> Iterator[Block]:
    """Yield the samples from `start` up to `end`."""
    at = 0
    for block in blocks:
        piece = block[max(0, start - at) : None if end is None else max(0, end - at)]
        at += len(block)
        if len(piece):
            yield piece
        if end is not None and at >= end:
            return


def held_back(blocks: Iterable[Block], count: int) -> Generator[Block, None, Block]:
    """Yield all but the last `count` samples, and return these; fewer where there are no more."""
    kept: deque[Block] = deque()
    held = 0
    for block in blocks:
        kept.append(block)
        held += len(block)
        while held - len(kept[0]) >= count:
            held -= len(kept[0])
            yield kept.popleft()
    if not kept:
        return np.empty((0, 1), np.float32)
    whole = np.concatenate(kept)
    if held > count:
        yield whole[: held - count]
    return whole[max(0, held - count) :]


def _whole(first: av.AudioFrame, frames: Generator[av.AudioFrame, None, Probe]) -> Iterator[Block]:
    """Yield the samples of all frames, without those that a decoder adds behind the end of the file's audio."""
    with closing(frames):
        waiting, count = _samples(first), 0
        while True:
            try:
                frame = next(frames)
            except StopIteration as end:
                extra = count + len(waiting) - end.value.samples
                break
            yield waiting
            count += len(waiting)
            waiting = _samples(frame)
        yield waiting[: len(waiting) - max(0, extra)]


def _samples(frame: av.AudioFrame) -> Block:
    raw = frame.to_ndarray()
    if raw.dtype.kind == "f" and not np.isfinite(raw).all():
        raise MasterFailed("the take has samples that are no numbers", help="ask for another take, or repair the file")
    shaped = raw.T if frame.format.is_planar else raw.reshape(-1, frame.layout.nb_channels)
    match raw.dtype.kind:
        case "f":
            return np.ascontiguousarray(shaped, np.float32)
        case "u":
            return (shaped.astype(np.float32) - 128) / np.float32(128)
        case _:
            return shaped.astype(np.float32) * np.float32(1 / (1 << 8 * raw.itemsize - 1))
