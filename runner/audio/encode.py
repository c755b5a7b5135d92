"""Encode samples as a file, in the containers that games and providers use."""

from __future__ import annotations

import io
import struct
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

import av
import numpy as np
import numpy.typing as npt
import soundfile

from runner.audio.ogg_pages import renumber

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from av.audio.stream import AudioStream

Pcm = npt.NDArray[np.int16]

_CHUNK = 1 << 14
_NO_TAGS: Mapping[str, str] = MappingProxyType({})
_RIFF_TAGS = {"title": b"INAM", "artist": b"IART", "comment": b"ICMT", "album": b"IPRD", "genre": b"IGNR"}
_LAYOUTS = {1: "mono", 2: "stereo"}
_DEFAULT_KBPS = 192


def encode(
    pcm: Pcm, rate_hz: int, media_type: str, *, bit_rate_kbps: int | None = None, tags: Mapping[str, str] = _NO_TAGS
) -> bytes:
    """Encode 16-bit integers of shape (samples, channels), one or two channels, as a whole file.

    `media_type` is one of `audio/wav`, `audio/flac`, `audio/ogg` (Vorbis), `audio/mpeg` or `audio/mp4` (AAC).
    `bit_rate_kbps` is for the last two, 192 when None. `tags` may hold title, artist, comment, album and genre.
    WAV bytes depend on the arguments alone. Raises ValueError for another media type.
    """
    if media_type not in _ENCODERS:
        raise ValueError(f"cannot write {media_type}: it is one of {', '.join(_ENCODERS)}")
    return _ENCODERS[media_type](np.ascontiguousarray(pcm), rate_hz, bit_rate_kbps or _DEFAULT_KBPS, tags)


def wav_parts(pcm: Pcm, rate_hz: int, tags: Mapping[str, str]) -> tuple[bytes | memoryview, ...]:
    """Return the bytes of a WAV file in parts, in place of a copy of all samples."""
    channels = pcm.shape[1]
    sound = np.ascontiguousarray(pcm, "<i2").data.cast("B")  # an even number of bytes: never padded
    form = struct.pack("<HHIIHH", 1, channels, rate_hz, rate_hz * channels * 2, channels * 2, 16)
    texts = [_riff(_RIFF_TAGS[name], text.encode() + b"\0") for name, text in tags.items() if name in _RIFF_TAGS]
    info = _riff(b"LIST", b"INFO" + b"".join(texts)) if texts else b""
    head = b"WAVE" + _riff(b"fmt ", form) + b"data" + struct.pack("<I", sound.nbytes)
    return b"RIFF" + struct.pack("<I", len(head) + sound.nbytes + len(info)) + head, sound, info


def _wav(pcm: Pcm, rate_hz: int, kbps: int, tags: Mapping[str, str]) -> bytes:
    del kbps
    return b"".join(wav_parts(pcm, rate_hz, tags))


def _riff(name: bytes, body: bytes) -> bytes:
    """Return a RIFF chunk, padded to an even length."""
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def _soundfile(kind: str, subtype: str) -> Encoder:
    def write(pcm: Pcm, rate_hz: int, kbps: int, tags: Mapping[str, str]) -> bytes:
        del kbps
        buffer = io.BytesIO()
        with soundfile.SoundFile(buffer, "w", rate_hz, pcm.shape[1], subtype, format=kind) as file:
            for name in (name for name in tags if name in _RIFF_TAGS):
                setattr(file, name, tags[name])
            for start in range(0, len(pcm), _CHUNK):  # libsndfile's Vorbis writer overflows its stack on long arrays
                file.write(pcm[start : start + _CHUNK])
        return buffer.getvalue()

    return write


def _ogg(pcm: Pcm, rate_hz: int, kbps: int, tags: Mapping[str, str]) -> bytes:
    """Encode with libsndfile, then renumber: its stream number is random, and the same music must have the same bytes."""
    buffer = io.BytesIO()
    renumber(io.BytesIO(_soundfile("OGG", "VORBIS")(pcm, rate_hz, kbps, tags)), buffer)
    return buffer.getvalue()


def _libav(container: str, codec: str, speed: Mapping[str, str]) -> Encoder:
    def write(pcm: Pcm, rate_hz: int, kbps: int, tags: Mapping[str, str]) -> bytes:
        buffer = io.BytesIO()
        options = {"fflags": "+bitexact"} | ({"movie_timescale": str(rate_hz)} if container == "ipod" else {})
        with av.open(buffer, "w", format=container, container_options=options) as file:
            file.metadata.update(tags)
            layout = _LAYOUTS[pcm.shape[1]]
            stream = cast("AudioStream", file.add_stream(codec, rate=rate_hz, options=dict(speed), layout=layout))
            stream.bit_rate = kbps * 1000
            for frame in _frames(pcm, rate_hz, layout):
                file.mux(stream.encode(frame))
            file.mux(stream.encode(None))
        return buffer.getvalue()

    return write


def _frames(pcm: Pcm, rate_hz: int, layout: str) -> Iterator[av.AudioFrame]:
    for start in range(0, len(pcm), _CHUNK):
        packed = pcm[start : start + _CHUNK].reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(cast("Any", packed), format="s16", layout=layout)
        frame.sample_rate = rate_hz
        frame.time_base = Fraction(1, rate_hz)
        frame.pts = start
        yield frame


if TYPE_CHECKING:
    Encoder = Callable[[Pcm, int, int, Mapping[str, str]], bytes]

_ENCODERS: Mapping[str, Encoder] = {
    "audio/wav": _wav,
    "audio/flac": _soundfile("FLAC", "PCM_16"),
    "audio/ogg": _ogg,
    # The search for what two channels have in common takes a quarter of the time, and a placeholder gains little by it.
    "audio/mpeg": _libav("mp3", "libmp3lame", {"compression_level": "7", "joint_stereo": "0"}),
    "audio/mp4": _libav(
        "ipod", "aac", {"aac_coder": "fast", "aac_tns": "0", "aac_is": "0", "aac_pns": "0", "aac_ms": "0"}
    ),
}
