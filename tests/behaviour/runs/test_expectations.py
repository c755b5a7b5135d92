"""A take that is not as expected: made, kept and told, with exit code 9, by every command that looks at it."""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from msgspec.structs import replace

from runner.cli.main import call
from runner.records.measured import Measured
from runner.state.lock_parsing import parse_lock
from runner.state.lock_text import render_lock
from runner.state.lockfile import read_lock
from tests.support.command import scorefile
from tests.support.long import sampled

if TYPE_CHECKING:
    from pathlib import Path

PIPELINE = """\
version: 1
name: night
defaults:
  model: local/sketch
  params: {duration: 1}
  expect: {duration: ± 0.1 s, peak: < 0, not: [silent, clipped]}
jobs:
  fine: {prompt: calm piano}
  loud: {prompt: calm piano, expect: {lufs: -5 ± 1, duration: null}}
"""
SAID = "loud: its loudness is -"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which one of two jobs is not as expected."""
    folder = tmp_path_factory.mktemp("expected")
    (folder / "scorefile.yaml").write_text(PIPELINE, encoding="utf-8")
    done = scorefile("run", cwd=folder)
    assert done.code == 9
    assert f"error: {SAID}" in done.out
    assert "LUFS, expected -5 ± 1 LUFS" in done.out
    assert "2 made, 1 not as expected in " in done.out
    return folder


def test_the_audio_stays_and_a_run_with_nothing_to_do_says_it_again(made: Path) -> None:
    assert (made / "audio" / "loud.wav").exists()
    for _ in range(2):
        again = scorefile("run", cwd=made)
        assert again.code == 9
        assert SAID in again.out
        assert "nothing to do: 2 jobs up to date, 1 not as expected" in again.out


def test_verify_says_it_with_the_same_exit_code(made: Path) -> None:
    done = scorefile("verify", cwd=made)
    assert done.code == 9
    assert done.out.startswith(SAID)
    assert "1 take not as expected" in done.err
    data = scorefile("verify", "--format", "json", cwd=made).json
    assert (data["same"], data["as_expected"], data["exit_code"]) == (True, False, 9)
    (job,) = (item for item in data["jobs"] if item["job"] == "loud")
    assert [(item["kind"], item["measure"], item["allowed"]) for item in job["expectations"]] == [
        ("out-of-range", "lufs", "-5 ± 1 LUFS")
    ]


def test_drift_is_graver_than_an_expectation(made: Path, tmp_path: Path) -> None:
    (tmp_path / "scorefile.yaml").write_text(PIPELINE, encoding="utf-8")
    (tmp_path / "scorefile.lock").write_bytes((made / "scorefile.lock").read_bytes())
    assert scorefile("verify", cwd=tmp_path).code == 4


def test_status_says_it_and_ends_with_0(made: Path) -> None:
    done = scorefile("status", cwd=made)
    assert (done.code, SAID in done.out) == (0, True)


def test_render_shows_what_is_expected(made: Path) -> None:
    (fine, loud) = scorefile("render", "--format", "json", cwd=made).json["requests"]
    assert fine["expect"] == {"duration": "± 0.1 s", "peak": "< 0 dBTP", "not": ["silent", "clipped"]}
    assert loud["expect"] == {"lufs": "-5 ± 1 LUFS", "peak": "< 0 dBTP", "not": ["silent", "clipped"]}
    assert "expect lufs: -5 ± 1 LUFS" in scorefile("render", "loud", cwd=made).out


def test_an_expectation_that_is_taken_back_is_met_and_nothing_is_made_again(made: Path, tmp_path: Path) -> None:
    for name in ("scorefile.lock", "audio/fine.wav", "audio/loud.wav"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((made / name).read_bytes())
    (tmp_path / "scorefile.yaml").write_text(PIPELINE.replace("-5 ± 1", "< 0"), encoding="utf-8")
    done = scorefile("run", cwd=tmp_path)
    assert (done.code, done.out) == (0, "nothing to do: 2 jobs up to date\n")


def older(folder: Path) -> None:
    """Take out of a lock what earlier versions did not measure."""
    path = folder / "scorefile.lock"
    known = parse_lock(path.read_text(encoding="utf-8"))
    entries = {
        attempt: replace(
            entry, takes=tuple(replace(take, measured=Measured(lufs=take.measured.lufs)) for take in entry.takes)
        )
        for attempt, entry in known.entries.items()
    }
    path.write_bytes(render_lock(replace(known, entries=entries)))


def test_a_take_of_an_older_lock_is_measured_where_its_audio_is_at_hand_and_else_unknown(
    made: Path, tmp_path: Path
) -> None:
    (tmp_path / "audio").mkdir()
    for name in ("scorefile.lock", "audio/fine.wav", "audio/loud.wav"):
        (tmp_path / name).write_bytes((made / name).read_bytes())
    older(tmp_path)
    changed = PIPELINE.replace("calm piano}", "calm piano, expect: {peak: < -12}}")
    (tmp_path / "scorefile.yaml").write_text(changed, encoding="utf-8")
    done = scorefile("verify", cwd=tmp_path)
    assert done.code == 9
    assert "fine: its true peak is -" in done.out
    (tmp_path / "audio" / "fine.wav").unlink()
    (tmp_path / ".scorefile" / "pictures").rename(tmp_path / "away")
    done = scorefile("status", cwd=tmp_path)
    assert (
        "fine: it is unknown whether it is as expected: not measured: peak, clipped; its audio is not at hand"
        in done.out
    )


def test_placeholder_audio_is_not_judged(tmp_path: Path) -> None:
    (tmp_path / "scorefile.yaml").write_text(PIPELINE, encoding="utf-8")
    assert scorefile("run", "--rehearse", cwd=tmp_path).code == 0


@pytest.fixture
def ears(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put what hears 120 beats and a C major chord in the place of librosa, which takes 20 s to compile itself.

    `make torture` has the real one.
    """
    if sampled(False, True):
        return
    heard = ModuleType("librosa")
    heard.__spec__ = ModuleSpec("librosa", loader=None)
    notes = np.isin(np.arange(12), (0, 4, 7)).astype(float)[:, None]
    heard.feature = SimpleNamespace(  # type: ignore[attr-defined]
        tempo=lambda **_: np.array([120.0]), chroma_cqt=lambda **_: notes
    )
    monkeypatch.setitem(sys.modules, "librosa", heard)


@pytest.mark.sampled
@pytest.mark.usefixtures("ears")
def test_a_tempo_is_measured_where_one_is_expected_and_kept_in_the_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "scorefile.yaml").write_text(
        "version: 1\n"
        "defaults: {model: local/sketch, params: {duration: 6, bpm: 120, key: C major}}\n"
        "jobs:\n"
        "  title: {prompt: epic drums, expect: {bpm: ± 5 %}}\n"
        "  other: {prompt: epic drums}\n",
        encoding="utf-8",
    )
    monkeypatch.chdir(tmp_path)
    assert call(["run"]) == 0
    takes = {
        entry.job: entry.takes[0] for entry in read_lock(tmp_path / "scorefile.lock", rehearsal=False).entries.values()
    }
    assert takes["title"].measured.bpm == pytest.approx(120, rel=0.05)
    assert takes["title"].measured.key == "C major"
    assert (takes["other"].measured.bpm, takes["other"].measured.key) == (None, None)
