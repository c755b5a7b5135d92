"""Loudness agrees with ITU-R BS.1770, is quiet about it, and may be measured by many at once."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from runner.audio.encode import Pcm, encode
from runner.audio.probe.decode import BadAudio
from runner.audio.probe.measure import inspect
from runner.audio.sketch.brief import Brief
from runner.audio.sketch.composer import compose
from tests.support.long import sampled


def tone(peak_dbfs: float, *, channels: int, duration_s: float = 5.0, rate_hz: int = 48_000) -> Pcm:
    steps = np.arange(round(duration_s * rate_hz)) / rate_hz
    wave = 10 ** (peak_dbfs / 20) * np.sin(2 * np.pi * 997 * steps)
    return np.round(np.repeat(wave[:, None], channels, axis=1) * 32767).astype(np.int16)


@pytest.mark.parametrize("rate_hz", [44_100, 48_000, 96_000])
@pytest.mark.parametrize(("channels", "expected"), [(2, -23.0), (1, -26.0)])
def test_a_997_hz_sine_at_minus_23_dbfs(channels: int, expected: float, rate_hz: int) -> None:
    """BS.1770: a full-scale 997 Hz sine in one channel reads -3.01 LUFS, so in both it reads 0.0 and scales along."""
    data = encode(tone(-23.0, channels=channels, rate_hz=rate_hz), rate_hz, "audio/wav")
    assert inspect(data).measured.lufs == pytest.approx(expected, abs=0.2)


def test_silence_and_the_very_short_have_no_loudness() -> None:
    assert inspect(encode(np.zeros((48_000, 2), np.int16), 48_000, "audio/wav")).measured.lufs is None
    assert inspect(encode(tone(-20, channels=2, duration_s=0.3), 48_000, "audio/wav")).measured.lufs is None


def test_loudness_of_what_is_no_audio_is_refused() -> None:
    with pytest.raises(BadAudio, match=r"^not audio: JSON, 2 bytes$"):
        inspect(b"{}")


def test_many_threads_measure_what_one_does(capfd: pytest.CaptureFixture[str]) -> None:
    files = [
        encode(compose(Brief(prompt=prompt, duration_s=4.0, seed=seed)), 48_000, media_type)
        for seed, prompt in enumerate(("calm", "epic battle", "lo-fi"))
        for media_type in ("audio/wav", "audio/flac", "audio/mpeg", "audio/mp4")
    ]
    alone = [inspect(data) for data in files]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(inspect, files * 3))
    assert together == alone * 3
    assert capfd.readouterr() == ("", "")


def test_nothing_is_printed_about_broken_files(capfd: pytest.CaptureFixture[str]) -> None:
    data = bytearray(encode(tone(-20, channels=2, duration_s=1.0), 48_000, "audio/mpeg"))
    data[3_000:9_000:7] = bytes(len(data[3_000:9_000:7]))
    with pytest.raises(BadAudio):
        inspect(bytes(data))
    assert capfd.readouterr() == ("", "")


@pytest.mark.sampled
def test_25_takes_need_less_than_20_seconds_of_two_cores() -> None:
    def take(seed: int) -> None:
        data = encode(compose(Brief(prompt="epic", duration_s=25.0, seed=seed)), 48_000, "audio/mpeg")
        assert inspect(data).seconds == 25.0

    takes = sampled(1, 25)
    start = time.process_time()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(take, range(takes)))
    assert time.process_time() - start < 2 * 20 * takes / 25
