"""The inputs of a local model as blocks of one shape, each error with the name of its input."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import av.error
import numpy as np

from runner.audio.local.orders import LocalFailed
from runner.audio.master.blocks import read
from runner.audio.master.convert import converted
from runner.audio.master.failure import MasterFailed
from runner.audio.probe.container_header import BadAudio

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from runner.audio.local.orders import Source
    from runner.audio.master.blocks import Block, Shape


def opened(sources: Sequence[Source]) -> tuple[Shape, list[Iterator[Block]]]:
    """Return the shape that all inputs are given, and the blocks of each with its gain.

    That is the rate of the first one, and stereo where any has more than one channel. Raises LocalFailed.
    """
    read_ = [_read(source) for source in sources]
    rate_hz = read_[0][0].rate_hz
    channels = min(2, max(shape.channels for shape, _ in read_))
    alike = [_converted(source, *found, rate_hz, channels) for source, found in zip(sources, read_, strict=True)]
    return alike[0][0], [blocks for _, blocks in alike]


def _read(source: Source) -> tuple[Shape, Iterator[Block]]:
    with _named(source):
        return read(source.data)


def _converted(
    source: Source, shape: Shape, blocks: Iterator[Block], rate_hz: int, channels: int
) -> tuple[Shape, Iterator[Block]]:
    target, alike = converted(shape, blocks, rate_hz, channels)
    return target, _amplified(source, alike)


def _amplified(source: Source, blocks: Iterator[Block]) -> Iterator[Block]:
    gain = np.float32(10 ** (source.gain_db / 20))
    with _named(source):
        for block in blocks:
            yield block if source.gain_db == 0 else block * gain


@contextmanager
def _named(source: Source) -> Iterator[None]:
    try:
        yield
    except (BadAudio, MasterFailed) as error:
        raise LocalFailed(f"{source.name}: {error.message}", help="repair that input, or name another one") from error
    except av.error.FFmpegError as error:
        raise LocalFailed(f"{source.name}: it cannot be converted: {error}", help="name another input") from error
