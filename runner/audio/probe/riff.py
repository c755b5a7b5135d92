"""WAV: read chunks and check that their sizes add up."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from runner.audio.probe.container_header import (
    MAX_CHUNKS,
    BadAudio,
    Flat,
    Promise,
    cut_bytes,
    cut_header,
    cut_short,
    no_audio,
)

if TYPE_CHECKING:
    from runner.audio.probe.container_header import Bytes

_STREAMING = frozenset({0, 0xFFFFFFFF})
"""Sizes in files of writers that could not seek back to correct them."""
_FLAT = frozenset({1, 3, 6, 7, 0xFFFE})
"""Formats with a fixed number of bytes for each sample: PCM, float, A-law, µ-law, extensible."""
_CODECS = {(1, 16): "pcm_s16le", (1, 24): "pcm_s24le", (1, 32): "pcm_s32le", (3, 32): "pcm_f32le"}
"""Format and bits → FFmpeg's name, where these two say all."""
_LAYOUTS = {1: "mono", 2: "stereo"}
_HEADER = 12


def wav_promise(data: Bytes) -> Promise:
    """Walk the chunks of a WAV file and return the samples in its data chunk; raise BadAudio when sizes do not add up."""
    if len(data) < _HEADER:
        raise cut_header(len(data))
    riff_size = int.from_bytes(data[4:8], "little")
    promise: Promise | None = None
    form: bytes | None = None
    start = _HEADER
    for _ in range(MAX_CHUNKS):
        if start >= len(data):
            break
        name, size = _chunk(data, start, promise)
        body = start + 8
        if name == b"fmt " and form is None:
            form = data[body : body + size]
        elif name == b"data" and promise is None and form is not None:
            streaming = size == 0xFFFFFFFF or (size == 0 and riff_size in _STREAMING)  # as above
            size = len(data) - body if streaming else size
            promise = _data(form, size, len(data) - body, body)
        elif name == b"data":
            raise BadAudio("broken WAV: it has two data chunks, or one before its format")
        if body + size > len(data):
            raise cut_bytes(body + size, len(data))
        start = body + size + size % 2
    else:
        raise BadAudio(f"broken WAV: more than {MAX_CHUNKS} chunks")
    if promise is None:
        raise no_audio(len(data))
    if riff_size not in _STREAMING and riff_size + 8 > start:
        raise cut_bytes(riff_size + 8, len(data))
    return promise


def _chunk(data: Bytes, start: int, promise: Promise | None) -> tuple[bytes, int]:
    """Read a chunk's name and size, and check that they are plausible."""
    head = data[start : start + 8]
    if promise is not None and (
        len(head) < 8 or not head[:4].isascii() or not head[:4].decode().isprintable()
    ):  # name and size
        raise BadAudio(f"{len(data) - start} bytes of something else follow the audio")
    if len(head) < 8:  # name and size
        raise cut_header(len(data))
    return head[:4], int.from_bytes(head[4:], "little")


def _data(form: bytes, size: int, there: int, body: int) -> Promise:
    """Return the samples of a data chunk of `size` bytes when `there` bytes are left in the file."""
    if len(form) < 16:  # the shortest format chunk
        raise BadAudio("broken WAV: its format chunk is too short")
    tag, channels, rate_hz, _, frame, bits = struct.unpack_from("<HHIIHH", form)
    if not (channels and rate_hz and frame) or (tag in _FLAT and frame != channels * ((bits + 7) // 8)):
        raise BadAudio("broken WAV: its format chunk contradicts itself")
    if min(size, there) <= 0:
        raise no_audio(body)
    if tag not in _FLAT:
        return Promise(rate_hz=rate_hz)
    if size > there:
        raise cut_short(size // frame, there // frame, rate_hz)
    if size % frame:
        raise BadAudio(f"cut short inside a sample: {size} bytes of audio are no multiple of {frame}")
    flat: Flat | None = None
    if (tag, bits) in _CODECS and channels in _LAYOUTS:
        flat = Flat(
            codec=_CODECS[tag, bits],
            layout=_LAYOUTS[channels],
            rate_hz=rate_hz,
            frame_bytes=frame,
            start=body,
            end=body + size,
        )
    return Promise(samples=size // frame, rate_hz=rate_hz, flat=flat)
