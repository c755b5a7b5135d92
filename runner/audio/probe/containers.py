"""FLAC, Ogg and MP4: the structure of each, read without decoding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.audio.probe.container_header import MAX_CHUNKS, BadAudio, Promise, cut_bytes, cut_header, no_audio
from runner.audio.probe.magic import id3_end

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.audio.probe.container_header import Bytes

_STREAMINFO_BYTES = 34
_OGG_HEADER = 27
_VORBIS_BLOCK = 8192
"""The longest block of Vorbis; a decoder may not output the first one, which it overlaps with the next."""
_OPUS_RATE_HZ = 48_000


def flac_promise(data: Bytes) -> Promise:
    """Read a FLAC file's metadata blocks and return the samples that STREAMINFO declares."""
    start = at = id3_end(data, 0)
    info = data[at + 8 : at + 8 + _STREAMINFO_BYTES]
    at += 4
    for _ in range(MAX_CHUNKS):
        head = data[at : at + 4]
        size = int.from_bytes(head[1:], "big")
        if len(head) < 4 or at + 4 + size > len(data):  # a block's header
            raise cut_header(len(data))
        at += 4 + size
        if head[0] & 0x80:
            break
    if data[start + 4] & 0x7F or len(info) < _STREAMINFO_BYTES:
        raise BadAudio("broken FLAC: it does not begin with STREAMINFO")
    if at >= len(data):
        raise no_audio(len(data))
    packed = int.from_bytes(info[10:18], "big")
    return Promise(samples=packed & (1 << 36) - 1 or None, rate_hz=packed >> 44)


def ogg_promise(data: Bytes) -> Promise:
    """Walk an Ogg file's pages to the one that ends the stream; return the samples it counts."""
    first = data[_OGG_HEADER + (data[26] if len(data) > 26 else 0) :][:19]  # the count of segments
    if len(first) < len(b"OpusHead"):
        raise cut_header(len(data))
    opus = first.startswith(b"OpusHead")
    if not opus and not first.startswith((b"\x01vorbis", b"\x7fFLAC")):
        raise BadAudio("not audio: an Ogg file without Vorbis, Opus or FLAC")
    ended, streams, granule = False, 0, 0
    for flags, position in _pages(data):
        streams += flags >> 1 & 1
        ended = bool(flags & 4)
        granule = position
    if not ended:
        raise BadAudio("cut short: the Ogg stream has no last page")
    if streams > 1:
        return Promise()
    if opus:
        return Promise(samples=granule - int.from_bytes(first[10:12], "little"), rate_hz=_OPUS_RATE_HZ, tolerance=960)
    return Promise(samples=granule, tolerance=_VORBIS_BLOCK) if first.startswith(b"\x01vorbis") else Promise()


def _pages(data: Bytes) -> Iterator[tuple[int, int]]:
    """Yield (flags, granule position) of each page; they have to fill the file."""
    at = 0
    while at < len(data):
        head = data[at : at + _OGG_HEADER]
        if not head.startswith(b"OggS"[: len(head)]):
            raise BadAudio(f"broken Ogg: byte {at} of {len(data)} begins no page")
        table = data[at + _OGG_HEADER : at + _OGG_HEADER + head[26]] if len(head) == _OGG_HEADER else b""
        end = at + _OGG_HEADER + len(table) + sum(table)
        if len(head) < _OGG_HEADER or len(table) < head[26] or end > len(data):
            raise BadAudio("cut short: the last Ogg page is incomplete")
        yield head[5], int.from_bytes(head[6:14], "little", signed=True)
        at = end


def mp4_promise(data: Bytes) -> Promise:
    """Walk an MP4 file's boxes; it needs an index and samples, and no box may reach past the end."""
    names = set()
    at = 0
    for _ in range(MAX_CHUNKS):
        if at >= len(data):
            break
        head = data[at : at + 16]
        size = int.from_bytes(head[:4], "big")
        size = int.from_bytes(head[8:16], "big") if size == 1 else size or len(data) - at
        if len(head) < 8 or size < 8 or at + size > len(data):  # a box's header
            raise cut_bytes(at + max(size, 8), len(data))
        names.add(head[4:8])
        at += size
    if b"moov" not in names:
        raise BadAudio("cut short: an MP4 file without its index (moov)")
    if b"mdat" not in names:
        raise no_audio(len(data))
    return Promise()
