"""What is no whole piece of audio is refused, and the message says what it is."""

from __future__ import annotations

import io
import re
import struct
from contextlib import suppress
from typing import TYPE_CHECKING, cast

import av
import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from runner.audio.encode import encode
from runner.audio.probe import decode as probing
from runner.audio.probe import structure
from runner.audio.probe.decode import BadAudio, probe
from runner.audio.probe.measure import inspect
from runner.audio.probe.riff import wav_promise
from runner.audio.sketch.brief import Brief
from runner.audio.sketch.composer import compose
from runner.errors import ScorefileError
from tests.support.long import sampled

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

    from av.audio.stream import AudioStream

    from runner.records.measured import Probe

PCM = compose(Brief(prompt="calm", duration_s=1.0, seed=1))
WAV = encode(PCM, 48_000, "audio/wav", tags={"title": "x"})
PLAIN = encode(PCM, 48_000, "audio/wav")
FLAC = encode(PCM, 48_000, "audio/flac")
OGG = encode(PCM, 48_000, "audio/ogg")
MP3 = encode(PCM, 48_000, "audio/mpeg")
M4A = encode(PCM, 48_000, "audio/mp4")
WHOLE = {"wav": WAV, "flac": FLAC, "ogg": OGG, "mp3": MP3, "m4a": M4A}
HEADER = PLAIN[:44]


def sizes(riff: int, data: int, body: bytes) -> bytes:
    return b"RIFF" + struct.pack("<I", riff) + HEADER[8:40] + struct.pack("<I", data) + body


def transcoded(container: str, codec: str) -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as file:
        stream = cast("AudioStream", file.add_stream(codec, rate=48_000, layout="stereo"))
        for start in range(0, len(PCM), 4_800):
            frame = av.AudioFrame.from_ndarray(PCM[start : start + 4_800].reshape(1, -1), format="s16", layout="stereo")
            frame.sample_rate = 48_000
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return buffer.getvalue()


ADTS = transcoded("adts", "aac")
OPUS = transcoded("ogg", "libopus")

BAD: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "empty: there are 0 bytes"),
    "html": (b"<!DOCTYPE html><html>403</html>", "not audio: an HTML page, 31 bytes"),
    "html with a mark": (b"\xef\xbb\xbf\n<HTML>", "not audio: an HTML page, 10 bytes"),
    "json": (b'{"error": "expired"}', "not audio: JSON, 20 bytes"),
    "xml": (b"<?xml version='1.0'?><Error/>", "not audio: XML, 29 bytes"),
    "text": (b"Not found", "not audio: text, 9 bytes"),
    "zip": (b"PK\x03\x04rest", "not audio: a ZIP archive, 8 bytes"),
    "pdf": (b"%PDF-1.7", "not audio: a PDF, 8 bytes"),
    "png": (b"\x89PNG\r\n\x1a\n", "not audio: a PNG image, 8 bytes"),
    "jpeg": (b"\xff\xd8\xff\xe0abcd", "not audio: a JPEG image, 8 bytes"),
    "gzip": (b"\x1f\x8b\x08\0", "not audio: a gzip archive, 4 bytes"),
    "playlist": (b"#EXTM3U\n", "not audio: an HLS playlist, 8 bytes"),
    "avi": (b"RIFF\x04\0\0\0AVI ", "not audio: a RIFF file that is no WAVE, 12 bytes"),
    "noise": (b"\x01\x02\x03\x04", "not audio: bytes of no known kind, 4 bytes"),
    "zeros": (bytes(100), "not audio: bytes of no known kind, 100 bytes"),
    "wav of a header": (sizes(36, 0, b""), "44 header bytes and no audio"),
    "streamed wav of a header": (sizes(0xFFFFFFFF, 0xFFFFFFFF, b""), "44 header bytes and no audio"),
    "half a wav": (PLAIN[: 44 + 96_000], "cut short: the header promises 1.00 s, 0.50 s are there"),
    "wav less a sample": (PLAIN[:-4], "cut short: the header promises 48000 samples, 47999 are there"),
    "wav cut in its tags": (WAV[:-2], "cut short: the header promises 192066 bytes, 192064 are there"),
    "wav cut in its header": (WAV[:30], "cut short: the header promises 36 bytes, 30 are there"),
    "wav cut in its first line": (WAV[:10], "cut short inside its header: 10 bytes"),
    "streamed wav cut in a sample": (
        sizes(0, 0, bytes(4_001)),
        "cut short inside a sample: 4001 bytes of audio are no multiple of 4",
    ),
    "wav and more": (PLAIN + b"\0\0\0\0garbage", "11 bytes of something else follow the audio"),
    "wav of two data chunks": (
        PLAIN + b"data\x04\0\0\0abcd",
        "broken WAV: it has two data chunks, or one before its format",
    ),
    "wav of contradictions": (
        PLAIN[:32] + b"\x03\0" + PLAIN[34:],
        "broken WAV: its format chunk contradicts itself",
    ),
    "wav of many chunks": (
        WAV[:12] + b"junk\0\0\0\0" * 10_001,
        "broken WAV: more than 10000 chunks",
    ),
    "flac cut in its header": (FLAC[:20], "cut short inside its header: 20 bytes"),
    "flac of a header": (
        FLAC[: FLAC.index(b"\xff\xf8")],
        f"{FLAC.index(bytes((0xFF, 0xF8)))} header bytes and no audio",
    ),
    "flac that promises more": (
        FLAC[:21] + (int.from_bytes(FLAC[21:26], "big") + 48_000).to_bytes(5, "big") + FLAC[26:],
        "cut short: the header promises 2.00 s, 1.00 s are there",
    ),
    "ogg cut in a page": (OGG[:-1], "cut short: the last Ogg page is incomplete"),
    "ogg without its last page": (OGG[: OGG.rindex(b"OggS")], "cut short: the Ogg stream has no last page"),
    "ogg and more": (OGG + b"more", f"broken Ogg: byte {len(OGG)} of {len(OGG) + 4} begins no page"),
    "ogg cut in its header": (OGG[:25], "cut short inside its header: 25 bytes"),
    "ogg of theora": (
        OGG.replace(b"\x01vorbis", b"\x80theora", 1),
        "not audio: an Ogg file without Vorbis, Opus or FLAC",
    ),
    "half an mp3": (MP3[: len(MP3) // 2], "cut short: the header promises 1.03 s, 0.48 s are there"),
    "mp3 cut in a frame": (MP3[:-1], "cut short: the header promises 1.03 s, 1.01 s are there"),
    "mp3 less its last frame": (MP3[:-576], "cut short: the header promises 25344 bytes, 24768 are there"),
    "mp3 and more": (MP3 + b"more", f"broken MP3: byte {len(MP3)} of {len(MP3) + 4} begins no frame"),
    "mp3 of a tag": (MP3[:15], "cut short inside its header: 15 bytes"),
    "half an m4a": (
        M4A[: len(M4A) // 2],
        f"cut short: the header promises {M4A.rindex(b'moov') - 4} bytes, {len(M4A) // 2} are there",
    ),
    "m4a without an index": (M4A[: M4A.rindex(b"moov") - 4], "cut short: an MP4 file without its index (moov)"),
    "adts cut in a frame": (ADTS[:-1], "cut short: the header promises 1.02 s, 1.00 s are there"),
    "adts and more": (ADTS + b"more", f"broken AAC: byte {len(ADTS)} of {len(ADTS) + 4} begins no frame"),
}


@pytest.mark.parametrize("name", BAD)
def test_the_message_names_what_was_found_instead(name: str, tmp_path: Path) -> None:
    data, message = BAD[name]
    file = tmp_path / "take.bin"
    file.write_bytes(data)
    for source in (data, file):
        with pytest.raises(BadAudio, match=f"^{re.escape(message)}$"):
            probe(source)


def test_half_a_flac_is_reported_as_broken_or_cut_short() -> None:
    message = r"^broken or cut short: the header promises 1\.00 s, only 0\.[345]\d s can be decoded$"
    with pytest.raises(BadAudio, match=message):
        probe(FLAC[: len(FLAC) // 2])


def test_bad_audio_is_one_of_our_errors() -> None:
    assert issubclass(BadAudio, ScorefileError)


@pytest.mark.parametrize("name", WHOLE)
def test_a_file_reads_like_its_bytes(name: str, tmp_path: Path) -> None:
    file = tmp_path / "misleading.txt"
    file.write_bytes(WHOLE[name])
    assert probe(file) == probe(WHOLE[name])
    assert inspect(file) == inspect(WHOLE[name])


@pytest.mark.parametrize(("data", "media_type", "seconds"), [(ADTS, "audio/aac", 1.024), (OPUS, "audio/ogg", 1.0)])
def test_formats_that_only_providers_write_are_read(data: bytes, media_type: str, seconds: float) -> None:
    found = probe(data)
    assert (found.media_type, found.channels) == (media_type, 2)
    assert found.seconds == pytest.approx(seconds, abs=0.03)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW", "IMA_ADPCM"])
def test_every_kind_of_wav_is_read(subtype: str) -> None:
    buffer = io.BytesIO()
    soundfile.write(buffer, PCM / 32768, 48_000, format="WAV", subtype=subtype)
    found, plain = inspect(buffer.getvalue()), inspect(PLAIN).measured
    assert found.seconds == pytest.approx(1.0, abs=0.03)
    assert found.measured.true_peak_dbtp == pytest.approx(plain.true_peak_dbtp, abs=0.3)
    assert found.measured.lufs == pytest.approx(plain.lufs, abs=0.1)


@pytest.mark.parametrize("rate_hz", [4_000, 11_025, 768_000])
def test_sample_rates_from_4_to_768_khz_are_read_and_measured(rate_hz: int) -> None:
    found = inspect(encode(PCM, rate_hz, "audio/wav"))
    assert found.rate_hz == rate_hz
    assert (found.measured.lufs is None) == (found.seconds < 0.4)


@pytest.mark.parametrize("rate_hz", [1, 3_999, 768_001, 4_294_967_295])
def test_an_absurd_sample_rate_is_refused(rate_hz: int) -> None:
    with pytest.raises(BadAudio, match=r"^(broken|too long)"):
        inspect(PLAIN[:24] + struct.pack("<I", rate_hz) + PLAIN[28:])


@pytest.mark.parametrize("channels", range(1, 9))
def test_up_to_eight_channels_are_read_and_measured(channels: int) -> None:
    buffer = io.BytesIO()
    soundfile.write(buffer, np.repeat(PCM[:, :1], channels, axis=1), 48_000, format="WAV", subtype="PCM_16")
    found = inspect(buffer.getvalue())
    assert (found.channels, found.samples) == (channels, 48_000)
    assert found.measured.lufs is not None


@pytest.mark.parametrize(
    "data",
    [
        sizes(0, 0, PLAIN[44:]),
        sizes(0xFFFFFFFF, 0xFFFFFFFF, PLAIN[44:]),
        sizes(0, 192_000, PLAIN[44:]),
        PLAIN + b"LIST\x04\0\0\0INFO",
        MP3 + b"TAG" + bytes(125),
        MP3[MP3.index(b"\xff\xfb") :],
        MP3 + bytes(300),
        b"ID3\x04\0\0\0\0\0\x05abcde" + FLAC,
    ],
    ids=[
        "zero sizes",
        "largest sizes",
        "zero and true size",
        "a chunk behind",
        "ID3v1",
        "no ID3",
        "padding",
        "ID3 and FLAC",
    ],
)
def test_what_writers_really_do_is_accepted(data: bytes) -> None:
    assert probe(data).seconds == pytest.approx(1.0, abs=0.001)


def test_digital_silence_is_noticed() -> None:
    found = inspect(encode(np.zeros_like(PCM), 48_000, "audio/wav"))
    assert (found.measured.true_peak_dbtp, found.measured.lufs) == (None, None)
    assert (found.measured.head_silence_s, found.measured.tail_silence_s) == (1.0, 1.0)
    heard = inspect(WAV).measured
    assert heard.head_silence_s is not None
    assert heard.head_silence_s < 0.1


@pytest.mark.parametrize("data", [WAV, FLAC], ids=["wav", "flac"])
def test_a_lossless_file_cut_anywhere_is_refused(data: bytes) -> None:
    cuts = {*range(70), *range(len(data) - 70, len(data)), *range(0, len(data), len(data) // 40)}
    for cut in sorted(cuts):
        with pytest.raises(BadAudio):
            probe(data[:cut])


@pytest.mark.parametrize("data", [OGG, MP3, M4A], ids=["ogg", "mp3", "m4a"])
def test_a_lossy_file_cut_anywhere_is_refused(data: bytes) -> None:
    for cut in {*range(0, len(data), len(data) // 60), *range(len(data) - 30, len(data))}:
        with pytest.raises(BadAudio):
            probe(data[:cut])


def refuses_or_reads(read: Callable[[bytes], Probe], data: bytes) -> None:
    with suppress(BadAudio):
        assert read(data).samples > 0


@pytest.mark.sampled
@settings(max_examples=sampled(30, 600), deadline=None)
@given(st.sampled_from([b"", *(data[:16] for data in WHOLE.values())]), st.binary(max_size=600))
def test_random_bytes_raise_nothing_but_bad_audio(head: bytes, tail: bytes) -> None:
    refuses_or_reads(inspect, head + tail)


@pytest.mark.sampled
@settings(max_examples=sampled(30, 600), deadline=None)
@given(st.sampled_from(sorted(WHOLE)), st.data())
def test_mutations_raise_nothing_but_bad_audio(name: str, data: st.DataObject) -> None:
    mutated = bytearray(WHOLE[name])
    for _ in range(data.draw(st.integers(1, 6))):
        near = data.draw(st.sampled_from([200, len(mutated)]))
        mutated[data.draw(st.integers(0, near - 1))] = data.draw(st.integers(0, 255))
    refuses_or_reads(inspect, bytes(mutated))


@pytest.mark.parametrize(
    ("module", "limit", "value", "message"),
    [
        (structure, "MAX_BYTES", 1_000, f"too large: {len(PLAIN)} bytes, the most is 1000"),
        (structure, "MAX_S", 0.5, "too long: the most is 0.0 hours"),
        (probing, "MAX_CHANNELS", 1, "too many channels: 2, the most is 1"),
    ],
)
def test_there_are_limits(
    monkeypatch: pytest.MonkeyPatch, module: ModuleType, limit: str, value: float, message: str
) -> None:
    monkeypatch.setattr(module, limit, value)
    with pytest.raises(BadAudio, match=f"^{re.escape(message)}$"):
        probe(PLAIN)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "PCM_32", "FLOAT"])
def test_samples_that_follow_each_other_are_measured_as_the_demuxer_gives_them(
    monkeypatch: pytest.MonkeyPatch, subtype: str, channels: int
) -> None:
    file, noise = io.BytesIO(), np.random.default_rng(1).uniform(-0.7, 0.7, (100_001, channels))
    soundfile.write(file, noise, 44_100, format="WAV", subtype=subtype)
    assert wav_promise(file.getvalue()).flat is not None
    found = inspect(file.getvalue())
    demuxed = {"audio/wav": lambda data: replace(wav_promise(data), flat=None)}
    monkeypatch.setattr(structure, "_PROMISES", demuxed)
    assert inspect(file.getvalue()) == found
