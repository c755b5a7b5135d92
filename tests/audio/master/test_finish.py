"""A finished piece is what its settings say, measured with another meter than the one that made it."""

from __future__ import annotations

import hashlib
import itertools
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

from runner.audio.encode import encode
from runner.audio.master.failure import MasterFailed
from runner.audio.master.finish import finish
from runner.audio.probe.decode import BadAudio, probe
from runner.audio.sketch.brief import Brief
from runner.audio.sketch.composer import compose
from runner.records.mastering import SILENCE, Format, Mastering
from runner.records.measured import Measured
from tests.audio.master.heard import Heard, heard
from tests.support.command import environment
from tests.support.long import sampled

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.sampled
RATE = 48_000
SECONDS = sampled(6.0, 12.0)
"""Of music. A piece is made in blocks of 0.7 s."""
FORMATS = tuple(Format)
LEVEL: dict[str, Any] = {"loudness_lufs": -16.0, "fade_out_s": 1.0}


@pytest.fixture(scope="module")
def music() -> bytes:
    """Some seconds of music, as a provider would send it."""
    return encode(compose(Brief(prompt="epic battle drums", duration_s=SECONDS, seed=3)), RATE, "audio/wav")


@cache
def dynamic(seconds: float = sampled(4.0, 8.0)) -> bytes:
    """Soft music with loud short strokes: its gain alone would bring the strokes above full scale."""
    steps = np.arange(round(seconds * RATE)) / RATE
    tone = 0.05 * np.sin(2 * np.pi * 330 * steps)
    strokes = 0.8 * np.sin(2 * np.pi * 97 * steps) * np.exp(-((steps * 2) % 1) * 40)
    return wav(np.stack((tone + strokes, tone + 0.9 * strokes), axis=1))


def wav(samples: Any, rate_hz: int = RATE) -> bytes:
    """Return samples as 16-bit WAV."""
    return encode(np.round(np.clip(samples, -1, 1) * 32767).astype(np.int16), rate_hz, "audio/wav")


def made(source: bytes, tmp_path: Path, media_type: str = "audio/wav", **settings: Any) -> Path:
    """Finish a take and return the file."""
    target = tmp_path / "finished"
    finish(source, media_type, mastering(**settings), target)
    return target


def mastering(**settings: Any) -> Mastering:
    if "loudness_lufs" in settings:
        settings = {"peak_dbtp": -1.0} | settings
    return Mastering(**settings)


# ---------------------------------------------------------------- loudness


@pytest.fixture(scope="module")
def in_format(music: bytes, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Format], Path]:
    """Music at -16 LUFS with a fade, made once in each format that is asked for."""
    return cache(lambda form: made(music, tmp_path_factory.mktemp(form), format=form, **LEVEL))


def holds(found: Heard, lufs: float, peak_dbtp: float) -> None:
    assert found.lufs == pytest.approx(lufs, abs=0.3)
    assert found.peak_dbtp < peak_dbtp


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_has_the_loudness_and_the_peak_that_are_asked_for(
    form: Format, in_format: Callable[[Format], Path]
) -> None:
    holds(heard(in_format(form)), -16.0, -1.0)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("form", [Format.WAV, Format.FLAC, Format.OPUS])
def test_a_limiter_keeps_peaks_down_where_a_gain_would_bring_them_above(form: Format, tmp_path: Path) -> None:
    before = heard(made(dynamic(), tmp_path))
    assert before.peak_dbtp - before.lufs > 15
    holds(heard(made(dynamic(), tmp_path, loudness_lufs=-14.0, format=form)), -14.0, -1.0)


def test_a_limiter_changes_nothing_far_from_a_peak(tmp_path: Path) -> None:
    one_stroke = np.concatenate((np.full((RATE * 2, 2), 0.0), np.zeros((RATE * 4, 2))))
    steps = np.arange(len(one_stroke)) / RATE
    one_stroke += 0.05 * np.sin(2 * np.pi * 330 * steps)[:, None]
    one_stroke[RATE : RATE + 200] *= 16
    found = heard(made(wav(one_stroke), tmp_path, loudness_lufs=-20.0, peak_dbtp=-6.0)).samples
    gain = np.abs(found[RATE * 3 : RATE * 4]).max() / np.abs(one_stroke[RATE * 3 : RATE * 4]).max()
    early = np.abs(found[: RATE // 2]).max() / np.abs(one_stroke[: RATE // 2]).max()
    assert early == pytest.approx(gain, rel=0.01)
    assert np.abs(found).max() < 10 ** (-6 / 20)


def test_a_peak_alone_turns_down_and_never_up(music: bytes, tmp_path: Path) -> None:
    before = heard(made(music, tmp_path))
    assert heard(made(music, tmp_path, peak_dbtp=-9.0)).peak_dbtp == pytest.approx(-9.15, abs=0.2)
    assert heard(made(music, tmp_path, peak_dbtp=0.0)).lufs == pytest.approx(min(0, before.lufs), abs=0.05)


def test_what_cannot_both_be_met_is_said(music: bytes, tmp_path: Path) -> None:
    with pytest.raises(
        MasterFailed,
        match=r"^a loudness of 0 LUFS and a peak of -1 dBTP cannot both be met: the piece reaches -\d+\.\d LUFS with a true peak of -1\.\d dBTP$",
    ):
        made(music, tmp_path, loudness_lufs=0.0)


@pytest.mark.parametrize("samples", [np.zeros((RATE, 2)), np.full((RATE // 4, 2), 0.5)])
def test_silence_and_the_very_short_have_no_loudness(samples: Any, tmp_path: Path) -> None:
    with pytest.raises(MasterFailed, match=r"^loudness cannot be set: the piece is silent, or shorter than 0\.4 s$"):
        made(wav(samples), tmp_path, loudness_lufs=-16.0)


# ---------------------------------------------------------------- what it says of itself


@pytest.mark.sampled(3)
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    "settings", [{}, {"loudness_lufs": -20.0}, {"rate_hz": 32_000, "channels": 1, "fade_in_s": 1.0}]
)
def test_a_finished_piece_is_measured_as_another_meter_hears_it(
    form: Format, settings: dict[str, Any], tmp_path: Path
) -> None:
    if form is Format.OPUS:
        settings = {name: value for name, value in settings.items() if name != "rate_hz"}
    target = tmp_path / "finished"
    told = finish(dynamic(), "audio/wav", mastering(format=form, **settings), target)
    found, whole = heard(target), probe(target)
    assert (told.rate_hz, told.channels) == (whole.rate_hz, whole.channels)
    assert told.seconds == pytest.approx(whole.seconds, abs=0.001)
    assert told.measured.lufs == pytest.approx(found.lufs, abs=0.1)
    assert told.measured.true_peak_dbtp == pytest.approx(found.peak_dbtp, abs=0.25)


def test_what_is_cut_off_at_full_scale_is_measured_as_it_is_written(tmp_path: Path) -> None:
    steps = np.arange(RATE * 4) / RATE
    loud = np.repeat(0.95 * np.sin(2 * np.pi * 110 * steps)[:, None], 2, axis=1)
    target = tmp_path / "finished"
    told = finish(wav(loud), "audio/wav", mastering(loop_s=1.0, format=Format.WAV), target)
    assert told.measured.true_peak_dbtp == pytest.approx(heard(target).peak_dbtp, abs=0.1)


@pytest.mark.parametrize("form", [Format.WAV, Format.MP3])
def test_of_a_silent_piece_there_is_no_loudness_and_no_peak(form: Format, tmp_path: Path) -> None:
    told = finish(wav(np.zeros((RATE, 2))), "audio/wav", mastering(format=form), tmp_path / "finished")
    assert told.measured == Measured()


# ---------------------------------------------------------------- edges


@cache
def with_silence(before_s: float, sound_s: float, after_s: float) -> bytes:
    sound = 0.3 * np.sin(2 * np.pi * 220 * np.arange(round(sound_s * RATE)) / RATE)
    parts = (np.zeros(round(before_s * RATE)), sound, np.zeros(round(after_s * RATE)))
    return wav(np.repeat(np.concatenate(parts)[:, None], 2, axis=1))


def test_silence_at_both_ends_is_trimmed(tmp_path: Path) -> None:
    found = heard(made(with_silence(1.5, 2.0, 3.0), tmp_path, trim=SILENCE)).samples
    assert len(found) / RATE == pytest.approx(2.055, abs=0.01)
    assert np.abs(found[:480]).max() > 0.01


def test_a_part_is_cut_out_without_a_click(tmp_path: Path) -> None:
    found = heard(made(with_silence(0, 4.0, 0), tmp_path, trim=(1.25, 3.0))).samples
    assert len(found) == round(1.75 * RATE)
    assert np.abs(found[0]).max() < 0.001
    assert np.abs(found[-1]).max() < 0.001


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"trim": SILENCE}, r"^trim: silence leaves nothing: the take is silent$"),
        ({"trim": (2.0, 3.0)}, r"^trim leaves nothing: it begins at 2 s, and the take ends at 1\.00 s$"),
        ({"loop_s": 0.6}, r"^the piece of 1\.00 s is too short for a loop with a crossfade of 0\.6 s$"),
        ({"fade_in_s": 0.4, "fade_out_s": 0.7}, r"^the fades take 1\.1 s, and the piece is 1\.00 s long$"),
        ({"exact_s": 0.9, "loop_s": 0.2}, r"^loop and length: exact need 1\.10 s of audio, and there are 1\.00 s$"),
    ],
)
def test_what_cannot_be_done_to_a_take_is_named_before_anything_is_written(
    settings: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(MasterFailed, match=message):
        made(wav(np.zeros((RATE, 2))), tmp_path, **settings)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.sampled(2)
@pytest.mark.parametrize("exact_s", [1.0, 3.999, 4.0, 6.5])
@pytest.mark.parametrize("form", [Format.WAV, Format.FLAC, Format.OGG, Format.OPUS, Format.M4A])
def test_a_piece_is_cut_or_padded_to_its_exact_length(form: Format, exact_s: float, tmp_path: Path) -> None:
    target = made(with_silence(0, 4.0, 0), tmp_path, exact_s=exact_s, format=form)
    # libsndfile counts all samples of Vorbis; FFmpeg gives back some fewer of a file of one page.
    found = soundfile.info(target).frames if form is Format.OGG else probe(target).samples
    assert found == round(exact_s * RATE)


def test_fades_follow_a_quarter_of_a_sine(tmp_path: Path) -> None:
    found = heard(made(wav(np.full((RATE * 4, 2), 0.5)), tmp_path, fade_in_s=1.0, fade_out_s=2.0)).samples[:, 0]
    assert found[RATE // 2] == pytest.approx(0.5 * np.sin(np.pi / 4), abs=0.001)
    assert found[RATE * 3 // 2] == pytest.approx(0.5, abs=0.001)
    assert found[RATE * 3] == pytest.approx(0.5 * np.sin(np.pi / 4), abs=0.001)
    assert abs(found[0]) + abs(found[-1]) < 0.001


@pytest.mark.parametrize("settings", [{}, {"loudness_lufs": -14.0}, {"rate_hz": 44_100, "channels": 1}])
def test_a_loop_has_no_larger_step_at_its_seam_than_around_it(
    settings: dict[str, Any], music: bytes, tmp_path: Path
) -> None:
    found = heard(made(music, tmp_path, loop_s=1.5, **settings))
    assert len(found.samples) == pytest.approx((SECONDS - 1.5) * found.rate_hz, abs=2)
    around = np.concatenate((found.samples[-200:], found.samples[:200]))
    steps = np.abs(np.diff(around, axis=0)).max(axis=1)
    assert steps[199] <= np.delete(steps, 199).max()


def test_a_loop_is_limited_around_its_seam(tmp_path: Path) -> None:
    found = heard(made(dynamic(), tmp_path, loop_s=1.0, loudness_lufs=-14.0))
    assert found.lufs == pytest.approx(-14.0, abs=0.3)
    twice = np.concatenate((found.samples, found.samples))
    soundfile.write(tmp_path / "twice.wav", twice, found.rate_hz, subtype="FLOAT")
    assert heard(tmp_path / "twice.wav").peak_dbtp < -1.0


def test_the_crossfade_of_a_loop_has_equal_power(tmp_path: Path) -> None:
    noise = np.random.Generator(np.random.PCG64(5)).normal(0, 0.1, (RATE * 6, 2))
    found = heard(made(wav(noise), tmp_path, loop_s=2.0)).samples
    parts = [float(np.sqrt(np.mean(part**2))) for part in np.array_split(found, 8)]
    assert max(parts) / min(parts) < 1.05


# ---------------------------------------------------------------- rate, channels, formats


@pytest.mark.parametrize(("rate_hz", "target"), [*itertools.product((44_100, 48_000), (16_000, 44_100, 96_000))])
def test_another_rate_keeps_pitch_length_and_level(rate_hz: int, target: int, tmp_path: Path) -> None:
    tone = np.repeat(0.5 * np.sin(2 * np.pi * 997 * np.arange(rate_hz * 2) / rate_hz)[:, None], 2, axis=1)
    found = heard(made(wav(tone, rate_hz), tmp_path, rate_hz=target))
    assert (found.rate_hz, len(found.samples)) == (target, target * 2)
    middle = found.samples[target // 2 : target * 3 // 2, 0]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    assert int(spectrum.argmax()) * target / len(middle) == pytest.approx(997, abs=1)
    assert np.abs(middle).max() == pytest.approx(0.5, abs=0.002)


def test_nothing_above_half_of_a_lower_rate_folds_back(tmp_path: Path) -> None:
    tone = np.repeat(0.5 * np.sin(2 * np.pi * 15_000 * np.arange(RATE * 2) / RATE)[:, None], 2, axis=1)
    found = heard(made(wav(tone), tmp_path, rate_hz=22_050)).samples[5_000:-5_000]
    assert np.abs(found).max() < 10 ** (-85 / 20) + 2 / 32768


def test_mono_is_the_mean_of_both_sides_and_stereo_has_mono_on_both(tmp_path: Path) -> None:
    sides = np.stack((np.full(RATE, 0.5), np.full(RATE, 0.1)), axis=1)
    assert heard(made(wav(sides), tmp_path, channels=1)).samples == pytest.approx(0.3, abs=0.001)
    found = heard(made(wav(np.full((RATE, 1), 0.25)), tmp_path, channels=2)).samples
    assert found.shape == (RATE, 2)
    assert found == pytest.approx(0.25, abs=0.001)


def test_six_channels_are_kept_mixed_or_refused(tmp_path: Path) -> None:
    surround = tmp_path / "surround.wav"
    soundfile.write(surround, np.full((RATE, 6), 0.1), RATE)
    assert heard(made(surround.read_bytes(), tmp_path)).samples.shape == (RATE, 6)
    assert heard(made(surround.read_bytes(), tmp_path, channels=2)).samples.shape == (RATE, 2)
    with pytest.raises(MasterFailed, match=r"^the take has 6 channels, and mp3 holds 2$"):
        made(surround.read_bytes(), tmp_path, format=Format.MP3)


@pytest.mark.parametrize(
    ("rate_hz", "form", "expected"),
    [
        (44_100, Format.OPUS, 48_000),
        (8_000, Format.MP3, 32_000),
        (96_000, Format.MP3, 48_000),
        (192_000, Format.WAV, 192_000),
    ],
)
def test_a_format_that_cannot_have_a_rate_gets_the_nearest_one(
    rate_hz: int, form: Format, expected: int, tmp_path: Path
) -> None:
    noise = np.random.Generator(np.random.PCG64(5)).normal(0, 0.1, (rate_hz, 2))
    found = heard(made(wav(noise, rate_hz), tmp_path, format=form, loudness_lufs=-20.0))
    assert found.rate_hz == expected
    holds(found, -20.0, -1.0)


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("form", "quality"),
    [(form, quality) for form in FORMATS for quality in form.qualities[:: max(1, len(form.qualities) - 1)]],
)
def test_the_lowest_and_the_highest_quality_of_each_format_can_be_written(
    form: Format, quality: int, tmp_path: Path
) -> None:
    for channels in (1, 2):
        noise = np.random.Generator(np.random.PCG64(5)).normal(0, 0.1, (RATE, channels))
        target = made(wav(noise), tmp_path, format=form, quality=quality)
        assert probe(target).samples == RATE
        assert probe(target).media_type == form.media_type


def test_a_take_keeps_its_own_format(music: bytes, tmp_path: Path) -> None:
    for media_type in ("audio/wav", "audio/flac", "audio/ogg", "audio/mpeg", "audio/mp4"):
        source = encode(compose(Brief(prompt="calm", duration_s=2.0)), RATE, media_type)
        assert probe(made(source, tmp_path, media_type, fade_in_s=0.5)).media_type == media_type
    opus = made(music, tmp_path, format=Format.OPUS).read_bytes()
    assert b"OpusHead" in made(opus, tmp_path, "audio/ogg", fade_in_s=0.5).read_bytes()[:64]


def test_24_bits_keep_what_24_bits_had(tmp_path: Path) -> None:
    fine = np.linspace(-0.9, 0.9, RATE * 2).reshape(-1, 2)
    soundfile.write(tmp_path / "fine.wav", fine, RATE, subtype="PCM_24")
    for form in (Format.WAV, Format.FLAC):
        found = heard(made((tmp_path / "fine.wav").read_bytes(), tmp_path, format=form, quality=24)).samples
        assert np.abs(found - fine).max() < 2 / (1 << 23)


def test_16_bits_are_dithered_but_for_digital_silence(tmp_path: Path) -> None:
    soft = np.concatenate((np.full((RATE, 2), 0.3 / 32768), np.zeros((RATE * 3, 2))))
    soundfile.write(tmp_path / "soft.wav", soft, RATE, subtype="FLOAT")
    found = heard(made((tmp_path / "soft.wav").read_bytes(), tmp_path, format=Format.WAV)).samples
    assert found[: RATE // 2].mean() * 32768 == pytest.approx(0.3, abs=0.02)
    assert not found[RATE * 2 :].any()


@pytest.mark.sampled(2)
@pytest.mark.parametrize("form", FORMATS)
def test_the_same_piece_has_the_same_bytes(
    form: Format, music: bytes, in_format: Callable[[Format], Path], tmp_path: Path
) -> None:
    again = made(music, tmp_path, format=form, **LEVEL)
    hashes = {hashlib.sha256(file.read_bytes()).hexdigest() for file in (in_format(form), again)}
    assert len(hashes) == 1


# ---------------------------------------------------------------- bad input and size


def test_samples_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    samples = np.full((RATE, 2), 0.1, np.float32)
    samples[1000] = np.nan
    soundfile.write(tmp_path / "nan.wav", samples, RATE, subtype="FLOAT")
    with pytest.raises(MasterFailed, match=r"^the take has samples that are no numbers$"):
        made((tmp_path / "nan.wav").read_bytes(), tmp_path, loudness_lufs=-16.0)


@pytest.mark.parametrize("source", [b"", b"RIFF", b"{}", bytes(1000)])
def test_what_is_no_audio_is_refused(source: bytes, tmp_path: Path) -> None:
    with pytest.raises(BadAudio):
        made(source, tmp_path, loudness_lufs=-16.0)


LONG = """
import sys
from pathlib import Path
from runner.audio.master.finish import finish
from runner.records.mastering import Format, Mastering
settings = Mastering(loudness_lufs=-16.0, peak_dbtp=-1.0, trim="silence", loop_s=10.0)
finish(Path(sys.argv[1]), "audio/wav", settings, Path(sys.argv[2]))
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


MINUTES, MEGABYTES = sampled((2, 150), (10, 250))
"""All samples of two minutes, held once as floats, are 46 MB more than two minutes need; a source of ten minutes is a file of 115 MB."""


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no other system tells a process its own peak")
def test_long_stereo_needs_little_memory(tmp_path: Path) -> None:
    minute = np.random.Generator(np.random.PCG64(5)).normal(0, 0.1, (RATE * 60, 2)).astype(np.float32)
    with soundfile.SoundFile(tmp_path / "long.wav", "w", RATE, 2, "PCM_16") as file:
        for _ in range(MINUTES):
            file.write(minute)
    command = [sys.executable, "-c", LONG, str(tmp_path / "long.wav"), str(tmp_path / "finished.wav")]
    child = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True)
    assert int(child.stdout) * 1024 < MEGABYTES * 1_000_000
