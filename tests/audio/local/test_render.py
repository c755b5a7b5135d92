"""Pieces made of takes and files: what is heard when, at which level, and what cannot be made."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from runner.audio.local.orders import Concat, Import, LocalFailed, Mix, Source, Stinger
from runner.audio.local.render import render
from runner.audio.tasks import FileNotSeen, make_local
from tests.support.desks import posix_only

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from runner.audio.local.orders import FileKind, LocalOrder

    Samples = npt.NDArray[np.float64]

RATE = 8_000


def steady(seconds: float, level: float = 0.25, *, channels: int = 1) -> Samples:
    """Return samples of one value."""
    return np.full((round(seconds * RATE), channels), level)


def noise(seconds: float, seed: int) -> Samples:
    return np.random.default_rng(seed).standard_normal((round(seconds * RATE), 1)) * 0.1


def written(folder: Path, name: str, samples: Samples, *, rate: int = RATE, **more: float) -> Source:
    """Return an input that holds these samples."""
    path = folder / f"{name}.wav"
    soundfile.write(path, samples, rate, "FLOAT")
    return Source(name=name, data=path, **more)


def made(folder: Path, order: LocalOrder, *sources: Source) -> tuple[Samples, int]:
    """Return the samples and the rate of a piece."""
    target = folder / "piece"
    render(order, sources, target)
    samples, rate = soundfile.read(target, always_2d=True)
    return samples, rate


def test_inputs_follow_one_another_to_the_sample(tmp_path: Path) -> None:
    one, two = written(tmp_path, "one", steady(1.0, 0.25)), written(tmp_path, "two", steady(0.5, -0.5))
    piece, rate = made(tmp_path, Concat(crossfade_s=0, kind="wav"), one, two)
    assert (piece.shape, rate) == ((12_000, 1), RATE)
    assert piece[:8_000] == pytest.approx(0.25, abs=1e-6)
    assert piece[8_000:] == pytest.approx(-0.5, abs=1e-6)


def test_a_crossfade_shortens_the_piece_and_keeps_the_power(tmp_path: Path) -> None:
    sources = [written(tmp_path, str(seed), noise(4.0, seed)) for seed in range(3)]
    piece, _ = made(tmp_path, Concat(crossfade_s=1.0, kind="flac"), *sources)
    assert len(piece) == 10 * RATE
    loud = [float(np.sqrt(np.mean(piece[at : at + RATE // 4] ** 2))) for at in range(0, len(piece), RATE // 4)]
    assert loud == pytest.approx([0.1] * len(loud), rel=0.1)


def test_an_input_has_its_gain(tmp_path: Path) -> None:
    piece, _ = made(
        tmp_path, Concat(crossfade_s=0, kind="wav"), written(tmp_path, "one", steady(1.0, 0.5), gain_db=-6.0)
    )
    assert piece == pytest.approx(0.5 * 10 ** (-6 / 20), abs=1e-6)


def test_a_mix_adds_what_sounds_at_once_and_ends_with_the_last_input(tmp_path: Path) -> None:
    one = written(tmp_path, "one", steady(6.0, 0.25))
    two = written(tmp_path, "two", steady(3.0, 0.5), offset_s=5.0, gain_db=0.0)
    piece, _ = made(tmp_path, Mix(kind="wav"), one, two)
    assert len(piece) == 8 * RATE
    assert piece[: 5 * RATE] == pytest.approx(0.25, abs=1e-6)
    assert piece[5 * RATE : 6 * RATE] == pytest.approx(0.75, abs=1e-6)
    assert piece[6 * RATE :] == pytest.approx(0.5, abs=1e-6)


def test_a_mix_that_begins_late_begins_with_silence(tmp_path: Path) -> None:
    piece, _ = made(tmp_path, Mix(kind="wav"), written(tmp_path, "one", steady(1.0), offset_s=9.5))
    assert len(piece) == round(10.5 * RATE)
    assert not piece[: round(9.5 * RATE)].any()


def test_a_mix_beyond_full_scale_is_clipped_and_never_wraps(tmp_path: Path) -> None:
    sources = [written(tmp_path, name, steady(0.5, 0.9)) for name in "ab"]
    piece, _ = made(tmp_path, Mix(kind="wav"), *sources)
    assert piece == pytest.approx(1.0, abs=1e-6)


def test_the_rate_is_that_of_the_first_input_and_mono_beside_stereo_is_stereo(tmp_path: Path) -> None:
    mono = written(tmp_path, "mono", steady(1.0, 0.25))
    stereo = written(tmp_path, "stereo", np.full((44_100, 2), (0.5, -0.5)), rate=44_100)
    piece, rate = made(tmp_path, Concat(crossfade_s=0, kind="wav"), mono, stereo)
    assert (rate, piece.shape[1]) == (RATE, 2)
    assert len(piece) == pytest.approx(2 * RATE, abs=2)
    assert piece[100:7_900] == pytest.approx(0.25, abs=1e-4)
    assert piece[9_000:15_000, 0] == pytest.approx(0.5, abs=1e-3)
    assert piece[9_000:15_000, 1] == pytest.approx(-0.5, abs=1e-3)


def test_surround_sound_becomes_stereo(tmp_path: Path) -> None:
    piece, _ = made(tmp_path, Concat(crossfade_s=0, kind="wav"), written(tmp_path, "six", steady(1.0, channels=6)))
    assert piece.shape[1] == 2


def test_a_stinger_is_cut_to_the_sample_and_faded(tmp_path: Path) -> None:
    order = Stinger(start_s=1.0, length_s=2.0, fade_in_s=0.005, fade_out_s=0.05, kind="wav")
    piece, _ = made(tmp_path, order, written(tmp_path, "long", steady(9.0, 0.5)))
    assert len(piece) == 2 * RATE
    assert abs(float(piece[0, 0])) < 0.02
    assert abs(float(piece[-1, 0])) < 0.01
    assert piece[40 : 2 * RATE - 400] == pytest.approx(0.5, abs=1e-6)
    steps = np.abs(np.diff(piece[:, 0]))
    assert steps.max() < 0.03


def test_the_same_inputs_make_the_same_bytes(tmp_path: Path) -> None:
    sources = [written(tmp_path, str(seed), noise(1.0, seed)) for seed in range(2)]
    kinds: tuple[FileKind, ...] = ("wav", "flac")
    for kind in kinds:
        order = Concat(crossfade_s=0.2, kind=kind)
        render(order, sources, tmp_path / "first")
        render(order, sources, tmp_path / "second")
        assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


def test_an_import_is_the_file_byte_for_byte(tmp_path: Path) -> None:
    source = written(tmp_path, "door", noise(1.0, 1))
    render(Import(), [source], tmp_path / "piece")
    assert (tmp_path / "piece").read_bytes() == source.data.read_bytes()  # type: ignore[union-attr]


# ---------------------------------------------------------------- what cannot be made


@pytest.mark.parametrize("lengths", [(0.5, 9.0), (9.0, 0.5), (9.0, 1.5, 9.0)])
def test_an_input_that_is_too_short_for_its_crossfades_is_named(tmp_path: Path, lengths: tuple[float, ...]) -> None:
    sources = [written(tmp_path, f"in{number}", steady(seconds)) for number, seconds in enumerate(lengths)]
    short = lengths.index(min(lengths))
    with pytest.raises(LocalFailed, match=f"in{short} is too short for its crossfades"):
        made(tmp_path, Concat(crossfade_s=1.0, kind="wav"), *sources)


@pytest.mark.parametrize(("start", "says"), [(1.5, "long is 3.00 s long"), (9.0, "long ends before")])
def test_a_stinger_behind_the_end_is_named(tmp_path: Path, start: float, says: str) -> None:
    order = Stinger(start_s=start, length_s=2.0, fade_in_s=0, fade_out_s=0, kind="wav")
    with pytest.raises(LocalFailed, match=f"{says}, and the stinger goes from {start:.2f} s to {start + 2:.2f} s"):
        made(tmp_path, order, written(tmp_path, "long", steady(3.0)))


@pytest.mark.parametrize("data", [b"", b"no audio", b"RIFF\x00\x00\x00\x00WAVEfmt ", b"ID3" + bytes(200)])
@pytest.mark.parametrize("order", [Mix(kind="wav"), Concat(crossfade_s=0.1, kind="wav")])
def test_an_input_that_is_no_audio_is_named(tmp_path: Path, data: bytes, order: LocalOrder) -> None:
    good, bad = written(tmp_path, "good", steady(1.0)), Source(name="door.wav (a.yaml:3)", data=data)
    with pytest.raises(LocalFailed, match=r"^door\.wav \(a\.yaml:3\): "):
        made(tmp_path, order, good, bad)


def test_an_input_that_is_cut_off_is_named(tmp_path: Path) -> None:
    good = written(tmp_path, "good", steady(4.0))
    cut = Source(name="cut", data=(tmp_path / "good.wav").read_bytes()[:-9_000])
    with pytest.raises(LocalFailed, match=r"^cut: "):
        made(tmp_path, Concat(crossfade_s=0, kind="wav"), good, cut)


def test_samples_that_are_no_numbers_are_named(tmp_path: Path) -> None:
    odd = written(tmp_path, "odd", np.full((800, 1), np.nan))
    with pytest.raises(LocalFailed, match=r"^odd: "):
        made(tmp_path, Mix(kind="wav"), odd)


# ---------------------------------------------------------------- as a task


def test_a_task_writes_where_it_is_seen_and_returns_the_bytes_elsewhere(tmp_path: Path) -> None:
    source = written(tmp_path, "one", noise(1.0, 1))
    target = tmp_path / "target"
    target.touch()
    here = make_local(Mix(kind="wav"), (source,), target)
    there = make_local(Mix(kind="wav"), (source,), tmp_path / "nowhere" / "target")
    assert here.data is None
    assert there.data == target.read_bytes()
    assert (here.sha256, here.size) == (there.sha256, there.size)
    assert here.probe.seconds == 1.0


def test_a_task_asks_for_the_bytes_of_an_input_that_it_does_not_see(tmp_path: Path) -> None:
    with pytest.raises(FileNotSeen):
        make_local(Mix(kind="wav"), (Source(name="a", data=tmp_path / "gone"),), tmp_path / "target")


TEN_MINUTES = """
import sys
import numpy as np, soundfile
from pathlib import Path
from runner.audio.local.orders import Concat, Mix, Source
from runner.audio.local.render import render
folder = Path(sys.argv[1])
with soundfile.SoundFile(folder / "long.wav", "w", 48000, 2, "PCM_24") as file:
    for _ in range(600):
        file.write(np.full((48000, 2), 0.1))
sources = [Source(name=name, data=folder / "long.wav", offset_s=number) for number, name in enumerate("ab")]
render(Mix(kind="wav"), sources, folder / "mix")
render(Concat(crossfade_s=5, kind="flac"), sources, folder / "concat")
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


@pytest.mark.long
@posix_only("memory is measured as Linux does")
def test_two_inputs_of_ten_minutes_take_less_than_250_megabytes(tmp_path: Path) -> None:
    ran = subprocess.run([sys.executable, "-c", TEN_MINUTES, str(tmp_path)], capture_output=True, text=True, check=True)
    assert int(ran.stdout) * 1024 < 250_000_000
