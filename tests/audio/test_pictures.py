"""What a piece of audio looks like: columns of its samples, pitches of its sound."""

from __future__ import annotations

import io
import zlib
from itertools import pairwise
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from runner.audio.encode import encode
from runner.audio.opus import opus
from runner.audio.pictures import COLUMNS, HIGHEST_HZ, LOWEST_HZ, ROWS, picture
from runner.audio.probe.decode import BadAudio, probe
from runner.audio.tasks import look, shrink
from tests.support.vendor.audio import song

if TYPE_CHECKING:
    from pathlib import Path

RATE_HZ = 48_000


def tone(
    hz: float, seconds: float, *, gain: float = 0.5, channels: int = 2
) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    wave = np.sin(2 * np.pi * hz * np.arange(int(seconds * RATE_HZ)) / RATE_HZ) * gain * 32767
    return np.repeat(wave[:, None], channels, axis=1).astype(np.int16)


def peaks(data: bytes, seconds: float) -> np.ndarray[tuple[int, ...], np.dtype[np.int8]]:
    return np.frombuffer(picture(data, seconds).peaks, np.int8).reshape(COLUMNS, 2)


def levels(png: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Return the colors of a PNG by number, the highest pitch first."""
    start = png.index(b"IDAT")
    packed = np.frombuffer(zlib.decompress(png[start + 4 : png.index(b"IEND") - 8]), np.uint8).reshape(
        ROWS, 1 + COLUMNS // 2
    )[:, 1:]
    return np.stack([packed >> 4, packed & 15], axis=2).reshape(ROWS, COLUMNS)


@pytest.mark.parametrize("media_type", ["audio/wav", "audio/flac", "audio/mpeg", "audio/ogg", "audio/mp4"])
def test_the_outline_follows_the_sound_in_every_container(media_type: str) -> None:
    loud_then_quiet = np.concatenate([tone(440, 1, gain=0.8), tone(440, 1, gain=0.1)])
    found = peaks(encode(loud_then_quiet, RATE_HZ, media_type), 2.0)
    assert found.shape == (COLUMNS, 2)
    assert np.abs(found[10:150]).mean() == pytest.approx(0.8 * 127, abs=25)  # AAC of a pure tone swings
    assert np.abs(found[170:310]).mean() == pytest.approx(0.1 * 127, abs=5)
    assert (found[:, 0] <= found[:, 1]).all()


@pytest.mark.parametrize("hz", [110, 1000, 8000])
def test_a_tone_is_in_the_row_of_its_pitch(hz: float) -> None:
    found = levels(picture(encode(tone(hz, 2), RATE_HZ, "audio/wav"), 2.0).png)
    row = ROWS - 1 - int(found[:, 100].argmax())
    edges = np.geomspace(LOWEST_HZ, HIGHEST_HZ, ROWS + 1)
    assert edges[max(0, row - 1)] <= hz <= edges[min(ROWS, row + 2)]


def test_silence_has_a_flat_line_and_no_color() -> None:
    seen = picture(encode(tone(440, 1, gain=0), RATE_HZ, "audio/wav"), 1.0)
    assert set(seen.peaks) == {0}
    assert levels(seen.png).max() == 0
    assert seen.peak == 0


@pytest.mark.parametrize("seconds", [0.01, 0.5, 7.3])
def test_any_length_has_all_columns(seconds: float) -> None:
    seen = picture(encode(tone(440, seconds, channels=1), RATE_HZ, "audio/wav"), seconds)
    assert len(seen.peaks) == 2 * COLUMNS
    assert np.frombuffer(seen.peaks, np.int8).any()


def test_a_length_that_is_not_so_makes_a_picture_all_the_same() -> None:
    data = encode(tone(440, 2), RATE_HZ, "audio/wav")
    assert {len(picture(data, seconds).peaks) for seconds in (0.1, 2.0, 60.0)} == {2 * COLUMNS}


def test_samples_that_are_no_numbers_are_left_out() -> None:
    import soundfile

    samples = np.full((RATE_HZ, 2), 0.25, np.float32)
    samples[100:200] = np.nan
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, RATE_HZ, format="WAV", subtype="FLOAT")
    assert abs(int(np.frombuffer(picture(buffer.getvalue(), 1.0).peaks, np.int8)[1]) - 32) <= 1


def test_a_png_is_one_that_others_read() -> None:
    seen = picture(encode(tone(440, 1), RATE_HZ, "audio/wav"), 1.0)
    with av.open(io.BytesIO(seen.png), "r", format="png_pipe") as file:
        frame = next(file.decode(video=0))
    assert (frame.width, frame.height) == (COLUMNS, ROWS)
    names = [seen.png[at + 4 : at + 8] for at in chunks(seen.png)]
    assert names == [b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"]


def chunks(png: bytes) -> list[int]:
    places, at = [], 8
    while at < len(png):
        places.append(at)
        at += 12 + int.from_bytes(png[at : at + 4], "big")
    assert all(later > earlier for earlier, later in pairwise(places))
    return places


def test_another_file_than_the_take_and_a_broken_one_have_no_picture(tmp_path: Path) -> None:
    data = song("one")
    (tmp_path / "a").write_bytes(data[:-100])
    with pytest.raises(BadAudio, match="damaged: its bytes are not those that were made"):
        look(tmp_path / "a", "0" * 64, 0.5)
    with pytest.raises(BadAudio, match="damaged: its bytes are not those that were made"):
        shrink(tmp_path / "a", "0" * 64)
    with pytest.raises(BadAudio, match="cut short"):
        picture(data[:-100], 0.5)


@pytest.mark.parametrize(("channels", "rate_hz"), [(1, 8000), (2, 48_000), (2, 44_100), (2, 96_000)])
def test_opus_is_as_long_and_plays(tmp_path: Path, channels: int, rate_hz: int) -> None:
    wave = (np.sin(np.arange(rate_hz * 2) / 20) * 9000).astype(np.int16)
    (tmp_path / "a").write_bytes(encode(np.repeat(wave[:, None], channels, axis=1), rate_hz, "audio/wav"))
    small = opus(tmp_path / "a")
    with av.open(io.BytesIO(small), "r") as file:
        frames = list(file.decode(audio=0))
    assert sum(frame.samples for frame in frames) / 48_000 == pytest.approx(probe(tmp_path / "a").seconds, abs=0.05)
    assert frames[0].layout.nb_channels == channels
