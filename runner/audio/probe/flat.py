"""Decode samples that follow each other in a file, without a demuxer.

FFmpeg's demuxer for WAV first searches the samples for a compressed stream in disguise, which takes longer than to decode a
short file.
"""

from __future__ import annotations

import mmap
from typing import TYPE_CHECKING

import av

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.audio.probe.container_header import Bytes, Flat

_NOT_NEEDED = getattr(mmap, "MADV_DONTNEED", 0)
_HELD_BYTES = 8 << 20
"""How much of what was read of a mapped file stays mapped; a multiple of any size of a page."""
_AT_ONCE = 1 << 16
"""Samples of a channel in a frame."""


def decode_flat(data: Bytes, flat: Flat) -> Iterator[av.AudioFrame]:
    """Yield the frames of the samples in a file."""
    decoder = av.CodecContext.create(flat.codec, "r")
    assert isinstance(decoder, av.AudioCodecContext)
    decoder.sample_rate, decoder.layout = flat.rate_hz, flat.layout
    step = _AT_ONCE * flat.frame_bytes
    held = 0
    for start in range(flat.start, flat.end, step):
        yield from decoder.decode(av.Packet(data[start : min(start + step, flat.end)]))
        if start - held >= 2 * _HELD_BYTES:
            held = _give_back(data, held, start)


def _give_back(data: Bytes, start: int, end: int) -> int:
    """Give the pages of a mapped file back that were read, since they count as memory of this process; return up to where."""
    upto = end - end % _HELD_BYTES
    give_back = getattr(data, "madvise", None)  # bytes have none, nor has Windows
    if give_back is not None:
        give_back(_NOT_NEEDED, start, upto - start)
    return upto
