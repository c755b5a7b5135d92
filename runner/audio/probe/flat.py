"""Decode samples that follow each other in a file, without a demuxer.

FFmpeg's demuxer for WAV first searches the samples for a compressed stream in disguise, which takes longer than to decode a
short file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import av

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.audio.probe.container_header import Bytes, Flat

_AT_ONCE = 1 << 13
"""Samples of a channel in a frame."""


def decode_flat(data: Bytes, flat: Flat) -> Iterator[av.AudioFrame]:
    """Yield the frames of the samples in a file."""
    decoder = av.CodecContext.create(flat.codec, "r")
    assert isinstance(decoder, av.AudioCodecContext)
    decoder.sample_rate, decoder.layout = flat.rate_hz, flat.layout
    step = _AT_ONCE * flat.frame_bytes
    for start in range(flat.start, flat.end, step):
        yield from decoder.decode(av.Packet(data[start : min(start + step, flat.end)]))
