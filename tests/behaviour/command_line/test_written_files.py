"""`--out` and `--log-file` write where they are told to, and never over something that is not theirs."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.support.command import scorefile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.behaviour.command_line.conftest import Said

    Say = Callable[..., Said]

LOCAL = """\
version: 1
defaults: {model: local/sketch, params: {duration: 0.5}}
jobs:
  a: {prompt: {file: a.txt}, output: a}
"""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pipeline that is made, and a link to its lock under another name."""
    folder = tmp_path_factory.mktemp("template")
    (folder / "scorefile.yaml").write_text(LOCAL)
    (folder / "a.txt").write_text("calm")
    assert scorefile("run", cwd=folder).code == 0
    (folder / "linked").symlink_to("scorefile.lock")
    return folder


@pytest.fixture(autouse=True)
def made(say: Say, tmp_path: Path, template: Path) -> None:
    shutil.copytree(template, tmp_path, dirs_exist_ok=True, symlinks=True)


THEIRS = ["scorefile.yaml", "scorefile.lock", "linked", "a.txt", "a.wav", ".scorefile/.gitignore", ".scorefile/new"]


@pytest.mark.parametrize("name", THEIRS)
@pytest.mark.parametrize("words", [("plan", "--out"), ("run", "--rehearse", "--force", "--target", "*", "--log-file")])
def test_what_is_not_theirs_stays(say: Say, tmp_path: Path, words: tuple[str, ...], name: str) -> None:
    path = tmp_path / name
    before = path.read_bytes() if path.exists() else None
    said = say(*words, name)
    assert said.code == 2, said
    assert f"error: {words[-1]} {name} " in said.err
    assert "help: name another file" in said.err
    assert (path.read_bytes() if path.exists() else None) == before


@pytest.mark.parametrize("name", ["other.lock", "other.yaml", "other.yml"])
@pytest.mark.parametrize("words", [("plan", "--out"), ("run", "--rehearse", "--log-file")])
def test_no_file_gets_the_name_of_a_pipeline_or_a_lock(
    say: Say, tmp_path: Path, words: tuple[str, ...], name: str
) -> None:
    said = say(*words, name)
    assert (said.code, (tmp_path / name).exists()) == (2, False)
    assert f"{words[-1]} {name} has the name of a pipeline or a lock" in said.err


def test_a_state_folder_elsewhere_is_as_safe(say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCOREFILE_STATE_DIR", str(tmp_path / "state"))
    said = say("plan", "--out", "state/plan.json")
    assert said.code == 2
    assert "--out state/plan.json is among what Scorefile keeps for itself" in said.err


def test_an_older_plan_and_an_older_log_are_written_on(say: Say, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    for name in ("plan.json", "plan.json", "empty"):
        assert say("plan", "--out", name).code == 0
        assert json.loads((tmp_path / name).read_text())["kind"] == "scorefile plan"
    (tmp_path / "scorefile.yaml").write_text(LOCAL.replace("local/sketch", "pixazo/tracks").replace("0.5", "2"))
    lengths = []
    for _ in range(2):
        assert (
            scorefile("run", "--rehearse", "--force", "--target", "*", "--log-file", "run.log", cwd=tmp_path).code == 0
        )
        lengths.append(len((tmp_path / "run.log").read_text().splitlines()))
    assert 0 < lengths[0] < lengths[1]


def test_a_device_is_no_file_of_anybody(say: Say) -> None:
    assert say("plan", "--out", "/dev/null").code == 0
