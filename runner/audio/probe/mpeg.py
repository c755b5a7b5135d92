"""MP3 and ADTS: frame after frame to the end, counted against the Xing, Info or VBRI header where there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from runner.audio.probe.container_header import BadAudio, Promise, cut_bytes, cut_short
from runner.audio.probe.magic import id3_end

if TYPE_CHECKING:
    from runner.audio.probe.container_header import Bytes

_KBPS_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KBPS_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
_MONO = 3
_XING_AT = {(3, False): 36, (3, True): 21, (2, False): 21, (2, True): 13}
_VBRI_AT = 36
_ADTS_RATES = (96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350)
_ID3V1 = 128
_TAGS_AT_END = (b"TAG", b"APETAGEX", b"LYRICSBEGIN", b"ID3")


class Frame(NamedTuple):
    """One MP3 frame's header: its length in bytes, its samples, its rate, and where a Xing header would be."""

    size: int
    samples: int
    rate_hz: int
    xing_at: int


def mpeg_promise(data: Bytes) -> Promise:
    """Walk an MP3's frames and return how many samples they contain; raise BadAudio when it is broken or cut short."""
    start = _skip_zeros(data, id3_end(data, 0))
    first = _frame(data, start)
    if first is None:
        raise BadAudio(f"not audio: bytes of no known kind, {len(data)} bytes")
    promised, promised_bytes = _vbr(data, start, first)
    info = 1 if promised or promised_bytes else 0
    frames, at = 0, start
    while frame := _frame(data, at):
        if at + frame.size > len(data):
            there = max(frames - info, 0)
            raise cut_short(max(promised, there + 1) * first.samples, there * first.samples, first.rate_hz)
        frames, at = frames + 1, id3_end(data, at + frame.size)
    _check_end(data, at)
    if promised > frames:
        raise cut_short(promised * first.samples, (frames - info) * first.samples, first.rate_hz)
    if promised_bytes > at - start:
        raise cut_bytes(promised_bytes, at - start)
    samples = (frames - info) * first.samples
    return Promise(samples=samples, rate_hz=first.rate_hz, tolerance=6 * first.samples, end=at)


def _frame(data: Bytes, at: int) -> Frame | None:
    head = data[at : at + 4]
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:  # sync and layer III
        return None
    version, kbps_at, rate_at = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or kbps_at in {0, 15} or rate_at == 3:  # reserved values
        return None
    rate_hz = _RATES[version][rate_at]
    kbps = (_KBPS_1 if version == 3 else _KBPS_2)[kbps_at]  # MPEG 1
    samples = 1152 if version == 3 else 576  # MPEG 1
    mono = head[3] >> 6 == _MONO
    size = samples // 8 * kbps * 1000 // rate_hz + (head[2] >> 1 & 1)
    return Frame(size, samples, rate_hz, _XING_AT[version | 2, mono])


def _vbr(data: Bytes, start: int, first: Frame) -> tuple[int, int]:
    """Return (frames, bytes) that the header in the first frame declares, 0 for what it does not."""
    head = data[start : start + first.size]
    at = first.xing_at
    if head[at : at + 4] in {b"Xing", b"Info"}:
        flags = head[at + 7]
        frames = int.from_bytes(head[at + 8 : at + 12], "big") if flags & 1 else 0
        place = at + 12 if flags & 1 else at + 8
        return frames, int.from_bytes(head[place : place + 4], "big") if flags & 2 else 0
    if head[_VBRI_AT : _VBRI_AT + 4] == b"VBRI":
        return int.from_bytes(head[_VBRI_AT + 14 : _VBRI_AT + 18], "big"), 0
    return 0, 0


def _check_end(data: Bytes, at: int) -> None:
    """Refuse anything after the last frame but tags and zeros."""
    rest = data[at : at + 1024]
    if len(data) - at == _ID3V1 and rest.startswith(b"TAG"):
        return
    if rest.startswith(_TAGS_AT_END) or _skip_zeros(data, at) == len(data):
        return
    raise BadAudio(f"broken MP3: byte {at} of {len(data)} begins no frame")


def _skip_zeros(data: Bytes, at: int) -> int:
    while at < len(data):
        part = data[at : at + 65_536]
        rest = part.lstrip(b"\0")
        if rest:
            return at + len(part) - len(rest)
        at += len(part)
    return at


def adts_promise(data: Bytes) -> Promise:
    """Walk an ADTS stream's frames and return how many samples they contain; raise BadAudio when it is cut short."""
    at = id3_end(data, 0)
    samples, rate_hz = 0, 0
    while at < len(data):
        head = data[at : at + 7]
        size = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5 if len(head) == 7 else 0  # its header
        if size < 7 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0 or head[2] >> 2 & 15 > 12:  # sync
            raise BadAudio(f"broken AAC: byte {at} of {len(data)} begins no frame")
        rate_hz = _ADTS_RATES[head[2] >> 2 & 15]
        frame_samples = 1024 * (1 + (head[6] & 3))
        if at + size > len(data):
            raise cut_short(samples + frame_samples, samples, rate_hz)
        samples, at = samples + frame_samples, at + size
    return Promise(samples=samples, rate_hz=rate_hz, tolerance=4096)
