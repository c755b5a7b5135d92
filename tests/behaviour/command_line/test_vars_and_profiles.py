"""Vars from files, shared files, and the profile that a pipeline names itself, on the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.behaviour.command_line.conftest import Said

    Say = Callable[..., Said]

PIPELINE = """\
version: 1
vars: {mood: calm, bpm: 90, words: [a]}
defaults: {model: local/sketch, params: {duration: 0.5}, output: "{{ job.id }}"}
jobs:
  a: {prompt: "{{ mood }} {{ words | join(' ') }}", params: {bpm: "{{ bpm }}"}}
"""


@pytest.fixture
def pipeline(tmp_path: Path, say: Say) -> Path:
    """The pipeline's file, in place of that of `say`."""
    assert say("--help").code == 0
    file = tmp_path / "scorefile.yaml"
    file.write_text(PIPELINE)
    return file


def params(say: Say, *words: str) -> dict[str, object]:
    said = say("render", "--format", "json", *words)
    assert said.code == 0, said
    found: dict[str, object] = said.json["requests"][0]["params"]
    return found


@pytest.mark.usefixtures("pipeline")
def test_a_var_file_is_yaml_or_json_and_var_wins(say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "night.yaml").write_text("mood: tense\nbpm: 120\nwords: [low, '{{ mood }}']\n")
    (tmp_path / "boss.json").write_text(json.dumps({"bpm": 150}))
    one = params(say, "--var-file", "night.yaml")
    assert (one["prompt"], one["bpm"]) == ("tense low tense", 120)
    assert params(say, "--var-file", "night.yaml", "--var-file", "boss.json")["bpm"] == 150
    assert params(say, "--var", "bpm=99", "--var-file", "boss.json")["bpm"] == 99
    monkeypatch.setenv("SCOREFILE_VAR_FILE", "night.yaml\nboss.json\n")
    assert params(say)["bpm"] == 150


@pytest.mark.usefixtures("pipeline")
def test_what_is_wrong_with_a_var_file_is_shown_in_it(say: Say, tmp_path: Path) -> None:
    (tmp_path / "vars.yaml").write_text("mod: tense\nbpm: 9000\n")
    said = say("validate", "--var-file", "vars.yaml")
    assert said.code == 3
    assert "error[SF213]: there is no var mod\n --> vars.yaml:1:1\n" in said.out
    assert "help: did you mean mood?" in said.out
    assert "from bpm = 9000 (vars.yaml:2:6)" in said.out
    (tmp_path / "vars.yaml").write_text("mood: [\n")
    assert "--> vars.yaml:" in say("validate", "--var-file", "vars.yaml").out
    said = say("plan", "--var-file", "lost.yaml")
    assert said.code == 3
    assert "lost.yaml" in said.err


@pytest.mark.usefixtures("pipeline")
def test_a_saved_plan_keeps_its_var_files(say: Say, tmp_path: Path) -> None:
    (tmp_path / "vars.yaml").write_text("mood: tense\n")
    assert say("plan", "--var-file", "vars.yaml", "--out", "plan.json").code == 0
    (tmp_path / "vars.yaml").write_text("mood: wild\n")
    assert say("run", "plan.json").code == 4
    (tmp_path / "vars.yaml").write_text("mood: tense\n")
    assert say("run", "plan.json").code == 0


def test_files_of_one_work_tree_share_vars_and_places_are_kept(
    say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "style.yaml").write_text(
        "version: 1\nvars: {mood: tense, unused: 1}\ndefaults: {params: {bpm: 9000}}\n"
    )
    music = tmp_path / "music"
    music.mkdir()
    (music / "scorefile.yaml").write_text(
        'version: 1\ninclude: ../style.yaml\ndefaults: {model: local/sketch, output: "{{ job.id }}"}\n'
        'jobs:\n  a: {prompt: "{{ mood }}"}\n'
    )
    monkeypatch.chdir(music)
    said = say("validate")
    assert said.code == 3
    assert "bpm is 9000\n --> ../style.yaml:3:26\n" in said.out
    assert "3 | defaults: {params: {bpm: 9000}}" in said.out
    (tmp_path / "style.yaml").write_text("version: 1\nvars: {mood: tense, unused: 1}\n")
    assert say("validate", "--strict").code == 0, "a shared var may be for others"
    monkeypatch.chdir(tmp_path)
    assert params(say, "music/scorefile.yaml")["prompt"] == "tense"


def test_an_include_leads_out_of_no_work_tree_and_no_folder(
    say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "style.yaml").write_text("version: 1\nvars: {mood: tense}\n")
    music = tmp_path / "music"
    music.mkdir()
    (music / "scorefile.yaml").write_text(
        "version: 1\ninclude: ../style.yaml\njobs: {a: {prompt: x, model: local/sketch}}\n"
    )
    monkeypatch.chdir(music)
    said = say("validate")
    assert said.code == 3
    assert "error[SF226]: ../style.yaml cannot be included: it leads out of the pipeline's folder" in said.out
    (tmp_path / ".git").mkdir()
    assert say("validate").code == 0
    (tmp_path / ".git").rename(music / ".git")
    (music / "link.yaml").symlink_to(tmp_path / "style.yaml")
    (music / "scorefile.yaml").write_text(
        "version: 1\ninclude: link.yaml\njobs: {a: {prompt: x, model: local/sketch}}\n"
    )
    assert "link.yaml cannot be included: it leads out of the pipeline's folder" in say("validate").out


def test_a_pipeline_names_its_own_profile(say: Say, pipeline: Path) -> None:
    pipeline.write_text(PIPELINE + "profile: final\nprofiles: {final: {vars: {bpm: 9000}}, draft: {vars: {bpm: 60}}}\n")
    said = say("validate")
    assert said.code == 3
    assert "from profile: final (scorefile.yaml:6:10)" in said.out
    assert params(say, "--profile", "draft")["bpm"] == 60
    assert params(say, "--profile", "")["bpm"] == 90
    pipeline.write_text(PIPELINE + "profile: finl\nprofiles: {final: {vars: {bpm: 100}}}\n")
    said = say("plan")
    assert "error[SF205]: there is no profile finl\n --> scorefile.yaml:6:10\n" in said.err
    assert "help: did you mean final?" in said.err
