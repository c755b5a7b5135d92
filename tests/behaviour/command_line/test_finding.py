"""Which pipeline a command line is about when it names none, and what it says of a file that is no pipeline."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from runner.state import finding
from tests.behaviour.command_line.conftest import NIGHT
from tests.support.command import scorefile

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.behaviour.command_line.conftest import Said

    Say = Callable[..., Said]


def test_the_folders_above_are_searched(say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path / "docs" / "notes"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    made = scorefile("run", "--rehearse", "title", cwd=deep)
    assert made.code == 0, made
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".score")] == [".scorefile"]
    assert list(deep.iterdir()) == []
    (tmp_path / "scorefile.yaml").write_text(NIGHT.replace("bpm:", "bmp:", 1))
    assert "--> ../../scorefile.yaml:" in say("validate").out
    (tmp_path / "scorefile.yaml").write_text(NIGHT)
    for words in (("plan",), ("status",), ("render", "title"), ("fmt", "--check"), ("doctor", "--offline"), ("log",)):
        assert say(*words).code in (0, 3), words
        assert "there is no" not in say(*words).err
    assert list(deep.iterdir()) == []


def test_the_search_ends_at_the_root_of_the_work_tree(
    say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    game = tmp_path / "game"
    (game / "src").mkdir(parents=True)
    (game / ".git").write_text("gitdir: elsewhere\n")
    monkeypatch.chdir(game / "src")
    said = say("plan")
    assert said.code == 2
    assert said.err == (
        f"error: there is no scorefile.yaml in {game / 'src'} or above it\n\n"
        "help: name a pipeline file, or write a first one: scorefile init\n"
    )
    (game / ".git").unlink()
    assert say("plan").code == 0


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give a file away")
def test_a_pipeline_above_that_another_user_owns_is_used_only_when_it_is_named(
    say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path / "mine")
    os.chown(tmp_path / "scorefile.yaml", 12_345, -1)
    said = say("plan")
    assert said.code == 2
    assert f"{tmp_path / 'scorefile.yaml'} belongs to another user" in said.err
    assert say("plan", "../scorefile.yaml").code == 0
    monkeypatch.chdir(tmp_path)
    assert say("plan").code == 0


def test_scorefile_yml_is_found_as_well_and_both_are_an_error(say: Say, tmp_path: Path) -> None:
    (tmp_path / "scorefile.yaml").rename(tmp_path / "scorefile.yml")
    assert say("plan").code == 0
    assert scorefile("run", "--rehearse", "title", cwd=tmp_path).code == 0
    assert say("init").code == 2
    (tmp_path / "scorefile.yaml").write_text(NIGHT)
    said = say("plan")
    assert said.code == 2
    assert said.err == (
        f"error: scorefile.yaml and scorefile.yml are both in {tmp_path}\n\nhelp: name the one that is meant, or remove the other\n"
    )
    assert say("plan", "scorefile.yml").code == 0


def test_a_frozen_run_without_a_pipeline_takes_the_lock_of_this_folder_first(
    say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "scorefile.lock").write_text("no lock")
    monkeypatch.chdir(tmp_path / "inner")
    assert f"{tmp_path / 'inner' / 'scorefile.lock'}" in say("run", "--frozen").err


def test_a_lock_is_told_from_a_pipeline(say: Say, tmp_path: Path) -> None:
    (tmp_path / "scorefile.lock").write_text("{}")
    for verb in ("run", "plan", "validate", "fmt", "status"):
        said = say(verb, "scorefile.lock")
        assert said.code == 2, verb
        assert (
            said.err == "error: scorefile.lock is a lock, not a pipeline\n\nhelp: name the pipeline: scorefile.yaml\n"
        )
    (tmp_path / "other.lock").write_text("{}")
    assert "help: name the pipeline file that it belongs to" in say("plan", "other.lock").err


@pytest.mark.parametrize(
    ("name", "head"), [("x.wav", b""), ("x.mp3", b""), ("take", b"RIFF\0\0\0\0WAVE"), ("take", b"\0\0\0\x20ftypM4A ")]
)
def test_audio_is_told_from_a_pipeline(say: Say, tmp_path: Path, name: str, head: bytes) -> None:
    (tmp_path / "audio").mkdir()
    (tmp_path / "audio" / name).write_bytes(head + bytes(9_000_000))
    said = say("run", f"audio/{name}")
    assert said.code == 2
    assert said.err == (
        f"error: audio/{name} is audio, not a pipeline\n\nhelp: name the pipeline file; scorefile status lists its outputs\n"
    )


def test_the_pipelines_beside_a_missing_one_are_named(say: Say, tmp_path: Path) -> None:
    said = say("plan", "scorefil.yaml")
    assert said.err.endswith(f"help: check its name; looked in {tmp_path}, which has scorefile.yaml\n")


def test_each_leading_pair_of_dots_is_the_folder_above(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "a" / "b")
    assert finding.absolute("../../x/../y.yaml") == tmp_path / "x" / ".." / "y.yaml"
    assert finding.absolute("y.yaml") == tmp_path / "a" / "b" / "y.yaml"
    assert finding.absolute(os.path.join(*[".."] * 99, "y")) == Path(tmp_path.anchor) / "y"  # noqa: PTH118 - as typed


def test_a_saved_plan_keeps_which_pipeline_was_found(say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "far").mkdir()
    monkeypatch.chdir(tmp_path / "far")
    assert say("plan", "title", "--rehearse", "--out", "plan.json").code == 0
    assert scorefile("run", "plan.json", cwd=tmp_path / "far").code == 0
    monkeypatch.chdir(tmp_path)
    assert say("run", "far/plan.json").code == 2
