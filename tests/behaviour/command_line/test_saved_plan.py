"""`plan --out` and `run` of what it wrote."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft7Validator

from tests.report.test_formats import OUTPUT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.behaviour.command_line.conftest import Said

    Say = Callable[..., Said]

LOCAL = """\
version: 1
vars: {mood: calm}
defaults: {model: local/sketch, output: "{{ job.id }}", params: {duration: 1}}
jobs:
  a: {prompt: "{{ mood }}"}
  b: {prompt: two}
"""


@pytest.fixture(autouse=True)
def local(say: Say, tmp_path: Path) -> None:
    (tmp_path / "scorefile.yaml").write_text(LOCAL)


def results(said: Said) -> dict[str, str]:
    return {job["job"]: job["result"] for job in said.json["jobs"]}


def test_a_saved_plan_does_exactly_that(say: Say, tmp_path: Path) -> None:
    assert say("plan", "a", "--var", "mood=tense", "--out", "plan.json").code == 0
    assert not (tmp_path / ".scorefile").exists(), "planning writes the plan only"
    Draft7Validator(OUTPUT).validate(json.loads((tmp_path / "plan.json").read_text()))
    done = say("run", "plan.json", "--format", "json")
    assert results(done) == {"a": "made"}
    assert (
        json.loads((tmp_path / "scorefile.lock").read_text())["jobs"]["a"]["submissions"][0]["request"]["prompt"]
        == "tense"
    )


def test_a_comment_does_not_void_a_saved_plan(say: Say, tmp_path: Path) -> None:
    say("plan", "--out", "plan.json")
    (tmp_path / "scorefile.yaml").write_text("# a comment\n" + LOCAL)
    assert results(say("run", "plan.json", "--format", "json")) == {"a": "made", "b": "made"}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            lambda folder: (folder / "scorefile.yaml").write_text(LOCAL.replace("two", "three")),
            "these requests changed: b",
        ),
        (
            lambda folder: (folder / "scorefile.yaml").write_text(LOCAL + "  c: {prompt: x}\n"),
            "these requests changed: c",
        ),
        (
            lambda folder: (folder / "scorefile.yaml").write_text(LOCAL + "prices: {local/sketch: {per_request: 1}}\n"),
            "these requests changed: a, b",
        ),
        (
            lambda folder: (folder / "scorefile.yaml").write_text(LOCAL + "budget: {usd: 5}\n"),
            "these settings of the pipeline changed: budget",
        ),
        (lambda folder: (folder / "scorefile.lock").write_text('{"version": 1, "jobs": {}}\n'), "is out of date"),
    ],
    ids=["prompt", "job", "price", "budget", "lock"],
)
def test_a_saved_plan_is_refused_when_something_changed(
    say: Say, tmp_path: Path, change: Callable[[Path], int], says: str
) -> None:
    say("run", "-q", "b")
    say("plan", "--out", "plan.json")
    before = (tmp_path / "scorefile.lock").read_bytes()
    change(tmp_path)
    changed = (tmp_path / "scorefile.lock").read_bytes()
    said = say("run", "plan.json")
    assert said.code == 4, said
    assert says in said.err
    assert (tmp_path / "scorefile.lock").read_bytes() == changed
    assert not (tmp_path / "a.wav").exists()
    assert before


def test_a_saved_plan_is_done_once(say: Say) -> None:
    say("plan", "--out", "plan.json")
    assert say("run", "plan.json").code == 0
    again = say("run", "plan.json")
    assert again.code == 4
    assert "the lock changed" in again.err
    assert say("run").out == "nothing to do: 2 jobs up to date\n"


def test_a_changed_model_voids_a_saved_plan(say: Say, tmp_path: Path) -> None:
    from tests.support.catalog import SCHEMAS

    say("plan", "--out", "plan.json")
    folder = tmp_path / "schemas" / "models" / "local"
    folder.mkdir(parents=True)
    model = json.loads((SCHEMAS / "models/local/sketch.json").read_text())
    (folder / "sketch.json").write_text(json.dumps({**model, "title": "Another sketch"}))
    said = say("run", "plan.json")
    assert said.code == 4
    assert "a model, its price or its provider's file changed" in said.err


@pytest.mark.parametrize("words", [("a",), ("--force",), ("--profile", "x"), ("--var", "mood=x"), ("--failed",)])
def test_a_saved_plan_takes_no_other_wishes(say: Say, words: tuple[str, ...]) -> None:
    say("plan", "--out", "plan.json")
    said = say("run", "plan.json", *words)
    assert said.code == 2
    assert "run it alone: scorefile run plan.json" in said.err


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"kind": "scorefile plan", "version": 1}'])
def test_what_is_no_saved_plan_is_refused(say: Say, tmp_path: Path, text: str) -> None:
    (tmp_path / "plan.json").write_text(text)
    assert say("run", "plan.json").code == 2


def test_a_plan_that_cannot_be_written_is_said(say: Say) -> None:
    said = say("plan", "--out", "no/such/plan.json")
    assert said.code == 2
    assert "--out no/such/plan.json cannot be written" in said.err


@pytest.mark.parametrize("verb", ["plan", "validate", "status", "verify", "render"])
def test_a_saved_plan_is_no_pipeline(say: Say, verb: str) -> None:
    say("plan", "--out", "plan.json")
    said = say(verb, "plan.json")
    assert said.code == 2
    assert "plan.json is a saved plan" in said.err
    assert "help: scorefile run plan.json does what it says" in said.err


def test_a_saved_plan_among_files_hides_nothing_of_the_others(say: Say, tmp_path: Path) -> None:
    say("plan", "--out", "plan.json")
    (tmp_path / "bad.yaml").write_text(LOCAL + "  c: {promt: x}\n")
    said = say("validate", "plan.json", "bad.yaml")
    assert "plan.json is a saved plan" in said.out
    assert "promt" in said.out


def test_a_pipeline_in_json_is_one(say: Say, tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text(
        json.dumps({"version": 1, "jobs": {"a": {"model": "local/sketch", "prompt": "x"}}})
    )
    assert say("validate", "p.json").out == "valid: 1 job\n"


@pytest.mark.parametrize("named", [(), ("scorefile.yaml",)])
def test_a_saved_plan_far_from_its_pipeline_says_so(
    say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: tuple[str, ...]
) -> None:
    say("plan", *named, "--out", "plan.json")
    (tmp_path / "far").mkdir()
    monkeypatch.chdir(tmp_path / "far")
    said = say("run", "../plan.json")
    assert said.code == 2
    assert "../plan.json is a plan of scorefile.yaml, which is not in this folder" in said.err
    assert "help: run it in the folder where it was made" in said.err
