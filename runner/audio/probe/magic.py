"""Recognise a file's format by its first bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.audio.probe.container_header import BadAudio, cut_header

if TYPE_CHECKING:
    from runner.audio.probe.container_header import Bytes

_OTHERS = (
    (b"PK\x03\x04", "a ZIP archive"),
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x1aE\xdf\xa3", "a WebM or Matroska file"),
    (b"FORM", "an AIFF file"),
    (b"RF64", "an RF64 file"),
    (b"RIFF", "a RIFF file that is no WAVE"),
    (b"#EXTM3U", "an HLS playlist"),
)
_HTML = (b"<!doctype html", b"<html", b"<head", b"<body")
_HEAD = 4096
_CONTROL = bytes(set(range(0x20)) - set(b"\t\r\n\f\x1b"))


def sniff(data: Bytes) -> str:
    """Return the media type of audio bytes; raise BadAudio, which names the format found instead."""
    head = data[:_HEAD]
    if not head:
        raise BadAudio("empty: there are 0 bytes")
    start = id3_end(data, 0)
    if start >= len(data):
        raise cut_header(len(data))
    kind = _kind(data[start : start + _HEAD])
    if kind is None:
        raise BadAudio(f"not audio: {_name(head)}, {len(data)} bytes")
    return kind


def id3_end(data: Bytes, start: int) -> int:
    """Return where an ID3v2 tag that begins at `start` ends; `start` when there is none."""
    head = data[start : start + 10]
    if len(head) < 10 or head[:3] != b"ID3":  # the length of the tag's header
        return start
    size = 0
    for part in head[6:10]:
        size = size << 7 | part & 0x7F
    return start + 10 + size + (10 if head[5] & 0x10 else 0)


def _kind(head: bytes) -> str | None:
    if head[:4] == b"RIFF" and b"WAVE".startswith(head[8:12]):
        return "audio/wav"
    if head[:4] == b"fLaC":
        return "audio/flac"
    if head[:4] == b"OggS":
        return "audio/ogg"
    if head[4:8] == b"ftyp":
        return "audio/mp4"
    sync = head.lstrip(b"\0")
    if len(sync) > 1 and sync[0] == 0xFF:  # MPEG frames begin with eleven or twelve ones
        if sync[1] & 0xF6 == 0xF0:  # layer 0 is ADTS
            return "audio/aac"
        if sync[1] & 0xE6 == 0xE2:  # layer III
            return "audio/mpeg"
    return None


def _name(head: bytes) -> str:
    for magic, name in _OTHERS:
        if head.startswith(magic):
            return name
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not text or text.translate(None, _CONTROL) != text:
        return "bytes of no known kind"
    if text[:16].lower().startswith(_HTML):
        return "an HTML page"
    return {b"{": "JSON", b"[": "JSON", b"<": "XML"}.get(text[:1], "text")
