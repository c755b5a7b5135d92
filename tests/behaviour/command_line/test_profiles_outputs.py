"""A run whose profile is not the one that placed an output says so before it replaces it, and asks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.command import scorefile

if TYPE_CHECKING:
    from pathlib import Path

PIPELINE = """\
version: 1
profiles: {draft: {vars: {mood: calm}}}
vars: {mood: wild}
defaults: {model: local/sketch, params: {duration: 1}}
jobs:
  sea: {prompt: "{{ mood }} sea"}
  hall: {prompt: stone hall}
"""


@pytest.fixture
def drafted(tmp_path: Path) -> Path:
    (tmp_path / "scorefile.yaml").write_text(PIPELINE)
    assert scorefile("run", "--profile", "draft", cwd=tmp_path).code == 0
    return tmp_path


def test_a_plan_says_whose_outputs_a_run_replaces(drafted: Path) -> None:
    planned = scorefile("plan", cwd=drafted)
    assert "replaces what profile draft placed: sea\n" in planned.out
    actions = scorefile("plan", "--format", "json", cwd=drafted).json["actions"]
    assert {action["job"]: action["replaces"] for action in actions} == {"sea": "draft", "hall": None}
    assert "replaces what profile" not in scorefile("plan", "--profile", "draft", cwd=drafted).out


def test_a_run_replaces_them_only_when_somebody_agrees(drafted: Path) -> None:
    before = (drafted / "audio/sea.wav").read_bytes()
    refused = scorefile("run", cwd=drafted)
    assert refused.code == 6
    assert "this run would replace the outputs of another profile, and there is no terminal to ask on" in refused.err
    assert (drafted / "audio/sea.wav").read_bytes() == before
    assert scorefile("run", "--yes", cwd=drafted).code == 0
    assert (drafted / "audio/sea.wav").read_bytes() != before
    assert scorefile("run", cwd=drafted).out.startswith("nothing to do")


def test_the_lock_keeps_the_profile_that_placed_an_output(drafted: Path) -> None:
    def profiles() -> dict[str, str | None]:
        jobs = json.loads((drafted / "scorefile.lock").read_text())["jobs"]
        return {job: block["submissions"][0]["output"].get("profile") for job, block in jobs.items()}

    assert profiles() == {"sea": "draft", "hall": "draft"}
    assert scorefile("run", "--yes", cwd=drafted).code == 0
    assert profiles() == {"sea": None, "hall": "draft"}, "what both ask for stays as it is"
