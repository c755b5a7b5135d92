"""What is written can be read back."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import time
import wave

import av
import numpy as np
import pytest

from runner.audio.encode import Pcm, encode
from runner.audio.probe.measure import inspect
from runner.audio.sketch.brief import TAGS, Brief
from runner.audio.sketch.composer import compose
from tests.support.command import environment

WRITTEN = ("audio/wav", "audio/flac", "audio/ogg", "audio/mpeg", "audio/mp4")


def music(duration_s: float = 3.21, rate_hz: int = 48_000) -> Pcm:
    return compose(Brief(prompt="happy piano", duration_s=duration_s, seed=7), rate_hz=rate_hz)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("rate_hz", [44_100, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("media_type", WRITTEN)
def test_every_container_gives_back_what_went_in(media_type: str, channels: int, rate_hz: int) -> None:
    pcm = music(rate_hz=rate_hz)[:, :channels]
    heard = inspect(encode(pcm, rate_hz, media_type, tags=TAGS))
    assert heard.media_type == media_type
    assert (heard.rate_hz, heard.channels) == (rate_hz, channels)
    assert heard.samples == len(pcm)
    assert heard.seconds == len(pcm) / rate_hz
    assert heard.measured.true_peak_dbtp is not None
    peak = 10 ** (heard.measured.true_peak_dbtp / 20)
    assert peak == pytest.approx(np.abs(pcm.astype(int)).max() / 32768, abs=0.06)
    assert heard.measured.lufs == pytest.approx(-16, abs=6)
    assert heard.measured.head_silence_s != heard.seconds


@pytest.mark.parametrize("media_type", ["audio/wav", "audio/flac"])
def test_lossless_containers_keep_every_sample(media_type: str) -> None:
    pcm = music()
    with av.open(io.BytesIO(encode(pcm, 48_000, media_type)), "r") as container:
        frames = [frame.to_ndarray().reshape(-1, 2) for frame in container.decode(audio=0)]
    assert np.array_equal(np.concatenate(frames), pcm)


def test_wav_bytes_are_written_to_the_letter() -> None:
    pcm = np.array([[1, -1], [2, -2]], dtype=np.int16)
    expected = (
        b"RIFF" + struct.pack("<I", 80) + b"WAVE"
        b"fmt " + struct.pack("<IHHIIHH", 16, 1, 2, 48_000, 192_000, 4, 16) + b"data" + struct.pack("<I", 8)
        + struct.pack("<4h", 1, -1, 2, -2)
        + b"LIST" + struct.pack("<I", 28) + b"INFOINAM" + struct.pack("<I", 3) + b"me\0\0" + b"IART\x03\0\0\0it\0\0"
    )  # fmt: skip
    assert encode(pcm, 48_000, "audio/wav", tags={"title": "me", "artist": "it", "unknown": "x"}) == expected


def test_wav_without_tags_ends_with_its_samples() -> None:
    data = encode(music(), 48_000, "audio/wav")
    with wave.open(io.BytesIO(data)) as file:
        assert file.getparams()[:4] == (2, 2, 48_000, len(music()))
    assert len(data) == 44 + 4 * len(music())


@pytest.mark.parametrize("media_type", WRITTEN)
def test_the_same_samples_give_the_same_bytes(media_type: str) -> None:
    pcm = music()
    assert encode(pcm, 48_000, media_type, tags=TAGS) == encode(pcm, 48_000, media_type, tags=TAGS)


def test_the_same_samples_give_the_same_bytes_in_another_process_and_second() -> None:
    script = (
        "import hashlib, numpy\n"
        "from runner.audio.encode import encode\n"
        "pcm = (numpy.sin(numpy.arange(9600)[:, None] / 20) * 9000).astype(numpy.int16)\n"
        f"for kind in {WRITTEN!r}:\n"
        f"    print(kind, hashlib.sha256(encode(pcm, 48_000, kind, tags={TAGS!r})).hexdigest())\n"
    )
    said: list[bytes] = []
    for seed in ("1", "2", "3"):
        time.sleep(0.5 if said else 0)
        env = environment() | {"PYTHONHASHSEED": seed}
        said.append(subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, check=True).stdout)
    assert said[0].count(b"\n") == len(WRITTEN)
    assert said[0] == said[1] == said[2]


@pytest.mark.parametrize("media_type", WRITTEN)
def test_tags_are_written(media_type: str) -> None:
    data = encode(music(0.5), 48_000, media_type, tags=TAGS)
    with av.open(io.BytesIO(data)) as container:
        found = {**container.metadata, **container.streams.audio[0].metadata}
    assert {name.lower(): text for name, text in found.items()}.items() >= TAGS.items()


@pytest.mark.parametrize("media_type", ["audio/mpeg", "audio/mp4"])
def test_the_bit_rate_is_kept(media_type: str) -> None:
    small = encode(music(6.0), 48_000, media_type, bit_rate_kbps=64)
    large = encode(music(6.0), 48_000, media_type, bit_rate_kbps=256)
    assert 0.6 < len(small) * 8 / 6.0 / 64_000 < 1.4
    assert len(large) > 2 * len(small)


def test_another_media_type_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^cannot write image/png: it is one of audio/wav, audio/flac, audio/ogg, "):
        encode(music(0.1), 48_000, "image/png")
