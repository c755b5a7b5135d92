"""Odd files are measured or refused with a reason, in little memory; what is empty, cut or no audio is in test_probe.py."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from runner.audio.probe.container_header import BadAudio
from runner.audio.probe.measure import inspect
from tests.support.long import sampled
from tests.support.waves import file_of, tones

if TYPE_CHECKING:
    from pathlib import Path

SECOND = tones([(1.0, -20.0)])


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 192_000])
@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("subtype", ["PCM_24", "FLOAT"])
def test_rates_channels_and_formats_are_measured(rate_hz: int, channels: int, subtype: str) -> None:
    wave = np.repeat(0.1 * np.sin(2 * np.pi * 997 / rate_hz * np.arange(rate_hz))[:, np.newaxis], channels, axis=1)
    found = inspect(file_of(wave, rate_hz, subtype=subtype))
    assert (found.rate_hz, found.channels, found.seconds) == (rate_hz, channels, 1.0)
    weight = {1: 1.0, 2: 2.0, 6: 3 + 2 * 1.41}[channels]
    assert found.measured.lufs == pytest.approx(-23.01 + 10 * np.log10(weight), abs=0.15)
    assert found.measured.true_peak_dbtp == pytest.approx(-20.0, abs=0.15)


def mp3(bit_rates: list[int]) -> bytes:
    """Return an MP3 of so many parts, each of half a second and another bit rate, without a header that counts frames."""
    parts = []
    for bit_rate in bit_rates:
        buffer = io.BytesIO()
        with av.open(buffer, "w", format="mp3", options={"write_xing": "0", "id3v2_version": "0"}) as file:
            stream = file.add_stream("libmp3lame", rate=48_000, layout="stereo")
            stream.bit_rate = bit_rate
            pcm = np.round(SECOND[:24_000] * 32767).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(pcm.reshape(1, -1), format="s16", layout="stereo")
            frame.sample_rate = 48_000
            file.mux(stream.encode(frame))
            file.mux(stream.encode(None))
        parts.append(buffer.getvalue())
    return b"".join(parts)


def test_an_mp3_of_changing_bit_rates_without_a_header_is_measured() -> None:
    data = mp3([64_000, 320_000, 128_000, 96_000])
    assert b"Xing" not in data
    assert b"Info" not in data
    found = inspect(data)
    assert found.seconds == pytest.approx(2.0, abs=0.25)
    assert found.measured.codec == "mp3"
    assert found.measured.lufs == pytest.approx(-20.0, abs=0.5)


@pytest.mark.parametrize("subtype", ["PCM_16", "FLOAT"])
def test_what_is_silent_is_measured(subtype: str) -> None:
    found = inspect(file_of(np.zeros((48_000, 2)), subtype=subtype)).measured
    assert (found.lufs, found.lra_lu, found.true_peak_dbtp) == (None, None, None)
    assert (found.head_silence_s, found.tail_silence_s, found.clipped_samples, found.dc_offset) == (1.0, 1.0, 0, 0.0)


def test_a_file_under_a_wrong_name_is_measured_by_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "take.mp3"
    path.write_bytes(file_of(SECOND, container="FLAC", subtype="PCM_24"))
    found = inspect(path)
    assert (found.media_type, found.measured.codec) == ("audio/flac", "flac")


def silent_wav(path: Path, seconds: int, rate_hz: int, channels: int) -> Path:
    """Write a long file that takes no room on most disks."""
    size = seconds * rate_hz * channels * 2
    form = struct.pack("<HHIIHH", 1, channels, rate_hz, rate_hz * channels * 2, channels * 2, 16)
    with path.open("wb") as file:
        file.write(b"RIFF" + struct.pack("<I", 36 + size) + b"WAVEfmt " + struct.pack("<I", 16) + form)
        file.write(b"data" + struct.pack("<I", size))
        file.truncate(44 + size)
    return path


@pytest.mark.sampled
def test_a_file_of_three_hours_is_measured(tmp_path: Path) -> None:
    seconds = sampled(1_800, 10_800)
    found = inspect(silent_wav(tmp_path / "long.wav", seconds, 8_000, 1))
    assert found.seconds == found.measured.head_silence_s == seconds


def test_a_file_of_more_than_three_hours_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    with pytest.raises(BadAudio, match=r"^too long: the most is 3 hours$"):
        inspect(silent_wav(tmp_path / "long.wav", 10_801, 8_000, 1))


MEASURE = """
import pathlib, sys
from runner.audio.probe.measure import inspect
assert inspect(pathlib.Path(sys.argv[1])).seconds == float(sys.argv[2])
status = pathlib.Path("/proc/self/status").read_text()
print(int(status.partition("VmHWM:")[2].split()[0]) * 1024)
"""


@pytest.mark.sampled
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a process counts the memory of the one that started it")
def test_ten_minutes_are_measured_in_less_than_250_mb(tmp_path: Path) -> None:
    seconds = sampled(120, 600)
    path = silent_wav(tmp_path / "long.wav", seconds, 48_000, 2)
    with path.open("r+b") as file:
        file.seek(44)
        for _ in range(seconds):
            file.write(np.round(SECOND * 32767).astype("<i2").tobytes())
    done = subprocess.run(
        (sys.executable, "-c", MEASURE, str(path), str(seconds)), capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 250_000_000
