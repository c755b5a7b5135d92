"""Decode samples that follow each other in a file, without a demuxer; those that numpy can read, without FFmpeg.

FFmpeg's demuxer for WAV first searches the samples for a compressed stream in disguise, which takes longer than to decode a
short file.
"""

from __future__ import annotations

import mmap
from typing import TYPE_CHECKING

import av
import numpy as np

from runner.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from runner.audio.probe.container_header import Bytes, Flat

_NOT_NEEDED = getattr(mmap, "MADV_DONTNEED", 0)
_HELD_BYTES = 8 << 20
"""How much of what was read of a mapped file stays mapped; a multiple of any size of a page."""
_AT_ONCE = 1 << 16
"""Samples of a channel in a frame."""
_READABLE = {"pcm_s16le": ("s16", "<i2"), "pcm_s32le": ("s32", "<i4"), "pcm_f32le": ("flt", "<f4")}
"""Codec → what FFmpeg calls the format of its samples, and numpy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlatFrame:
    """What a meter asks of a frame, and the samples as they are in the file, of shape (samples, channels)."""

    sample_rate: int
    layout: av.AudioLayout
    format: av.AudioFormat
    raw: npt.NDArray[np.generic]

    @property
    def samples(self) -> int:
        """Return how many samples each channel has."""
        return len(self.raw)


def decode_flat(data: Bytes, flat: Flat) -> Iterator[av.AudioFrame]:
    """Yield the frames of the samples in a file."""
    decoder = av.CodecContext.create(flat.codec, "r")
    assert isinstance(decoder, av.AudioCodecContext)
    decoder.sample_rate, decoder.layout = flat.rate_hz, flat.layout
    for chunk in _chunks(data, flat):
        yield from decoder.decode(av.Packet(chunk))


def read_flat(data: Bytes, flat: Flat) -> Iterator[av.AudioFrame | FlatFrame]:
    """Yield the frames of the samples in a file, where numpy can read them as they are."""
    if flat.codec not in _READABLE or flat.rate_hz >> 31:  # FFmpeg refuses such a rate
        yield from decode_flat(data, flat)
        return
    name, kind = _READABLE[flat.codec]
    layout, form = av.AudioLayout(flat.layout), av.AudioFormat(name)
    for chunk in _chunks(data, flat):
        raw = np.frombuffer(chunk, kind).reshape(-1, layout.nb_channels)
        yield FlatFrame(sample_rate=flat.rate_hz, layout=layout, format=form, raw=raw)


def _chunks(data: Bytes, flat: Flat) -> Iterator[bytes]:
    """Yield the bytes of the samples, some at once."""
    step = _AT_ONCE * flat.frame_bytes
    held = 0
    for start in range(flat.start, flat.end, step):
        yield data[start : min(start + step, flat.end)]
        if start - held >= 2 * _HELD_BYTES:
            held = _give_back(data, held, start)


def _give_back(data: Bytes, start: int, end: int) -> int:
    """Give the pages of a mapped file back that were read, since they count as memory of this process; return up to where."""
    upto = end - end % _HELD_BYTES
    give_back = getattr(data, "madvise", None)  # bytes have none, nor has Windows
    if give_back is not None:
        give_back(_NOT_NEEDED, start, upto - start)
    return upto
