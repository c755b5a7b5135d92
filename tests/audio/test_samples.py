"""Silence, clipping, DC offset and true peak are exact, whatever the format and wherever the frames are cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from runner.audio.encode import encode
from runner.audio.probe.container_header import BadAudio
from runner.audio.probe.decode import listen, listen_flat
from runner.audio.probe.measure import inspect, inspect_wav
from runner.audio.probe.pieces import Pieces
from runner.audio.probe.true_peak import FILTER, MARGIN
from tests.support.waves import RATE_HZ, Wave, file_of, level, tones

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from runner.audio.probe.flat import FlatFrame
    from runner.records.measured import Probe

FORMATS = ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"]


@pytest.mark.parametrize("subtype", FORMATS)
def test_silence_before_and_behind_is_counted_in_the_channel_that_has_least_of_it(subtype: str) -> None:
    wave = np.zeros((2 * RATE_HZ, 2))
    wave[12_000:72_000, 0] = tones([(1.25, -20.0)], channels=1)[:, 0]
    wave[24_000:84_000, 1] = tones([(1.25, -20.0)], channels=1)[:, 0]
    found = inspect(file_of(wave, subtype=subtype)).measured
    assert found.head_silence_s == pytest.approx(0.25, abs=0.001)
    assert found.tail_silence_s == pytest.approx(0.25, abs=0.001)


def test_what_is_not_above_60_db_below_full_scale_is_silent() -> None:
    quiet, heard = (inspect(file_of(np.full(RATE_HZ, level(dbfs)))).measured for dbfs in (-60.1, -59.9))
    assert (quiet.head_silence_s, quiet.tail_silence_s) == (1.0, 1.0)
    assert (heard.head_silence_s, heard.tail_silence_s) == (0.0, 0.0)


@pytest.mark.parametrize("subtype", FORMATS)
def test_only_runs_of_three_samples_at_full_scale_are_clipped(subtype: str) -> None:
    wave = np.zeros((RATE_HZ, 2))
    wave[100:102, 0] = 1.0
    wave[200:203, 0] = -1.0
    wave[300:310, 1] = 1.0
    wave[400:500, 1] = 0.9
    assert inspect(file_of(wave, subtype=subtype)).measured.clipped_samples == 13


@pytest.mark.parametrize("seconds", [0.6, 1.2, 1.7])
@pytest.mark.parametrize("shift", [0, 1, 2, 3, 17])
def test_a_run_is_counted_once_wherever_the_pieces_are_cut(shift: int, seconds: float) -> None:
    """A piece is 0.6 s, and a frame 1.4 s."""
    count = round(seconds * RATE_HZ)
    wave = np.random.default_rng(4).choice([0.5, 1.0], (count, 2), p=[0.2, 0.8])
    wave[: count // 3, 1] = 1.0
    wave[-3:, 0] = 1.0
    wave = np.roll(wave, shift, axis=0)
    found = inspect(file_of(wave)).measured
    assert found.clipped_samples == clipped(wave)
    assert found.true_peak_dbtp == pytest.approx(plain_true_peak(wave), abs=0.051)
    assert found.dc_offset == pytest.approx(wave.mean(axis=0).max(), abs=1e-5)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("count", [1, 16, 4_801, 28_799, 28_800, 57_600, 70_001])
def test_samples_in_memory_measure_what_their_file_does(count: int, channels: int) -> None:
    wave = np.random.default_rng(count).normal(0, 9_000, (count, channels)).clip(-32_768, 32_767)
    pcm = wave.astype(np.int16)
    assert inspect_wav(pcm, RATE_HZ) == inspect(encode(pcm, RATE_HZ, "audio/wav"))


@pytest.mark.parametrize("at", [0, 15, 16, 28_783, 28_799, 28_800, 28_816, 57_599])
def test_a_single_sample_is_heard_wherever_it_is(at: int) -> None:
    wave = np.zeros((57_600, 2))
    wave[at, 1] = 0.5
    found = inspect(file_of(wave)).measured
    assert found.head_silence_s == round(at / RATE_HZ, 3)
    assert found.tail_silence_s == round((57_599 - at) / RATE_HZ, 3)
    assert found.true_peak_dbtp == pytest.approx(-6.0, abs=0.05)


def clipped(wave: Wave) -> int:
    """Count the plain way."""
    total = 0
    for channel in wave.T >= 1:
        runs = "".join("x" if full else " " for full in channel).split()
        total += sum(len(run) for run in runs if len(run) >= 3)
    return total


def test_the_offset_is_that_of_the_channel_with_the_largest_one() -> None:
    wave = tones([(1, -20.0)]) + np.array([0.01, -0.25])
    assert inspect(file_of(wave)).measured.dc_offset == pytest.approx(-0.25, abs=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_the_true_peak_is_that_of_all_samples_though_few_are_oversampled(seed: int) -> None:
    chance = np.random.default_rng(seed)
    wave = chance.normal(0, 0.1, (80_000, 2)) * np.linspace(0.2, 1, 80_000)[:, np.newaxis]
    assert inspect(file_of(wave)).measured.true_peak_dbtp == pytest.approx(plain_true_peak(wave), abs=0.051)


def plain_true_peak(wave: Wave) -> float:
    """Oversample everything."""
    made = [np.convolve(channel, taps) for channel in wave.T for taps in FILTER]
    return float(20 * np.log10(max(np.abs(made).max(), np.abs(wave).max())))


def test_the_peak_of_the_last_samples_is_found() -> None:
    """Filters hold some samples back, and a short file may be less than they hold."""
    wave = np.zeros(RATE_HZ)
    wave[-2:] = 0.5
    for cut in (RATE_HZ, 100, 3, 2):
        found = inspect(file_of(wave[-cut:])).measured.true_peak_dbtp
        assert found == pytest.approx(20 * np.log10(0.5 * (0.7798 + 0.4651)), abs=0.2)
    assert inspect(file_of(wave[-1:])).measured.true_peak_dbtp == pytest.approx(-6.0, abs=0.05)


@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE"])
@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.nan, "broken: some of its samples are not numbers"),
        (np.inf, "broken: some of its samples are not numbers"),
        (-np.inf, "broken: some of its samples are not numbers"),
        (1e30, "broken: a sample is 1e+30 times full scale"),
    ],
)
def test_samples_that_are_no_music_are_refused(value: float, message: str, subtype: str) -> None:
    wave = tones([(1, -20.0)])
    wave[30_000, 1] = value
    with pytest.raises(BadAudio) as caught:
        inspect(file_of(wave, subtype=subtype))
    assert caught.value.message == message


def test_frames_of_another_format_are_refused() -> None:
    pieces = Pieces(av.AudioFrame("s16", "stereo", 100), 960)
    assert list(pieces.add(av.AudioFrame("s16", "stereo", 100))) == []
    with pytest.raises(BadAudio) as caught:
        list(pieces.add(av.AudioFrame("fltp", "stereo", 100)))
    assert caught.value.message == "broken: the format of its samples changes on the way"


@pytest.mark.parametrize("counts", [[7], [960], [959, 1, 1], [4_000, 5_000], [100] * 50])
def test_pieces_are_what_was_decoded(counts: list[int]) -> None:
    whole = np.random.default_rng(6).integers(-32768, 32768, (2, sum(counts)), np.int16)
    frames = [
        av.AudioFrame.from_ndarray(part, "s16p", "stereo") for part in np.split(whole, np.cumsum(counts)[:-1], axis=1)
    ]
    pieces = Pieces(frames[0], 960)
    found = [piece[:, MARGIN:].copy() for frame in frames for piece in pieces.add(frame)]
    wave, count = pieces.rest()
    assert not wave[:, MARGIN + count :].any()
    made = np.concatenate([*found, wave[:, MARGIN : MARGIN + count]], axis=1)
    assert np.array_equal(made, whole.astype(np.float32) / 32768)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "PCM_32", "FLOAT"])
def test_samples_that_are_read_where_they_lie_are_those_that_ffmpeg_decodes(subtype: str, channels: int) -> None:
    """Two frames and a part of one, so that pieces are cut at other places than frames."""
    data = file_of(np.random.default_rng(8).uniform(-1, 1, (140_000, channels)), subtype=subtype)
    read, decoded = _in_pieces(listen_flat, data), _in_pieces(listen, data)
    assert len(read) == len(decoded) == 5
    assert all(map(np.array_equal, read, decoded))


def _in_pieces(listening: Callable[..., Probe], data: bytes) -> list[npt.NDArray[np.float32]]:
    pieces: list[Pieces] = []
    found: list[npt.NDArray[np.float32]] = []

    def add(frame: av.AudioFrame | FlatFrame) -> None:
        if not pieces:
            pieces.append(Pieces(frame, 28_800))
        found.extend(piece.copy() for piece in pieces[0].add(frame))

    assert listening(data, add).samples == 140_000
    return [*found, pieces[0].rest()[0].copy()]


def test_the_names_of_codecs_are_those_of_ffmpeg() -> None:
    wave = tones([(1, -20.0)])
    made = {"PCM_24": ("WAV", "pcm_s24le"), "VORBIS": ("OGG", "vorbis"), "MPEG_LAYER_III": ("MP3", "mp3")}
    for subtype, (container, codec) in made.items():
        assert inspect(file_of(wave, subtype=subtype, container=container)).measured.codec == codec
