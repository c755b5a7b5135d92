"""The first line of a comment: one for each verb and file, whatever came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.behaviour.command_line.conftest import Said

    Say = Callable[..., Said]

LOCAL = "version: 1\nname: ember\ndefaults: {model: local/sketch, params: {duration: 0.5}}\njobs: {a: {prompt: x}}\n"


@pytest.fixture(autouse=True)
def two(say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A repository with two pipelines of one name."""
    del say
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    for name in ("x", "y"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "scorefile.yaml").write_text(LOCAL)


def marker(said: Said) -> str:
    return said.out.splitlines()[0]


@pytest.mark.sampled(2)
@pytest.mark.parametrize("verb", ["validate", "plan", "run", "verify"])
def test_a_marker_tells_files_apart_and_stays(
    say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    say("run", "x/scorefile.yaml")
    words = (verb, "--format", "markdown")
    fine = marker(say(*words, "x/scorefile.yaml"))
    assert fine == f"<!-- scorefile:{verb}:x%2Fscorefile.yaml -->"
    assert marker(say(*words, "y/scorefile.yaml")) != fine
    monkeypatch.chdir(tmp_path / "x")
    assert marker(say(*words)) == fine, "from wherever it is asked"
    (tmp_path / "x/scorefile.yaml").write_text("version: 1\n")
    (tmp_path / "x/scorefile.lock").write_text("{")
    broken = say(*words)
    assert (broken.code, marker(broken)) == (3, fine)


def test_a_marker_ends_where_it_should(say: Say, tmp_path: Path) -> None:
    (tmp_path / "a-->b.yaml").write_text(LOCAL)
    assert marker(say("plan", "a-->b.yaml", "--format", "markdown")) == "<!-- scorefile:plan:a-%2D%3Eb.yaml -->"


def test_a_run_has_the_name_that_its_plan_has(say: Say) -> None:
    assert say("plan", "x/scorefile.yaml", "--format", "json").json["name"] == "ember"
    say("plan", "x/scorefile.yaml", "--out", "plan.json")
    assert say("run", "plan.json", "--format", "json").json["name"] == "ember"
    late = say("run", "plan.json", "--format", "markdown")
    assert (late.code, marker(late)) == (4, "<!-- scorefile:run:x%2Fscorefile.yaml -->")
