"""A plan says what a run would refuse, with the run's own exit code, and tells what needs making from what is broken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.behaviour.command_line.conftest import Said

    Say = Callable[..., Said]

SKETCHES = """\
version: 1
defaults: {model: local/sketch, params: {duration: 0.5}, output: "{{ job.id }}"}
jobs:
  a: {prompt: x}
  b: {prompt: y}
"""


PAID = """\
version: 1
defaults: {model: pixazo/lyria-2, output: "{{ job.id }}"}
jobs:
  title: {prompt: low brass}
"""


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIXAZO_API_KEY", "pixazo-secret-1f2e3d4c5b")


def test_a_plan_over_the_budget_has_the_exit_code_and_the_words_of_the_run(say: Say, tmp_path: Path) -> None:
    (tmp_path / "scorefile.yaml").write_text(PAID + "budget: {usd: 0.01}\n")
    planned, ran, dry = say("plan"), say("run", "--yes"), say("run", "--dry-run")
    assert (planned.code, ran.code, dry.code) == (6, 6, 6)
    assert "which is over the budget of $0.01" in planned.err
    assert planned.err == ran.err == dry.err
    assert "title" in planned.out, "the plan itself is shown"
    assert say("plan", "--rehearse").code == 0
    assert say("plan", "--detailed-exitcode").code == 1
    data = say("plan", "--format", "json").json
    assert data["refused"]["rule"] == "refused"
    assert data["exit_code"] == 6
    assert "::error title=refused::" in say("plan", "--format", "github").out


def test_a_plan_takes_max_cost_as_a_run_does(say: Say, tmp_path: Path) -> None:
    (tmp_path / "scorefile.yaml").write_text(PAID)
    assert say("plan", "--max-cost", "0.01").code == 6
    assert say("run", "-n", "--max-cost", "0.01").code == 6
    assert say("plan", "--max-cost", "100").code == 0
    assert say("plan", "--max-cost", "lots").code == 2


def test_an_unknown_price_under_a_budget_is_in_the_plan(say: Say, tmp_path: Path) -> None:
    (tmp_path / "scorefile.yaml").write_text(PAID.replace("lyria-2", "ace-step"))
    said = say("plan", "--max-cost", "5")
    assert said.code == 6
    assert said.err.startswith("error: cannot enforce the budget of $5.00: the price of title is unknown\n")


def test_a_dry_run_keeps_the_lock_when_it_is_told_to(say: Say) -> None:
    assert say("run", "-n", "--locked").code == 4


def test_a_locked_plan_tells_what_needs_making_from_what_is_broken(say: Say, tmp_path: Path) -> None:
    (tmp_path / "scorefile.yaml").write_text(SKETCHES)
    assert say("run").code == 0
    assert say("plan", "--locked").code == 0
    (tmp_path / "scorefile.yaml").write_text(SKETCHES.replace("prompt: x", "prompt: z"))
    said = say("plan", "--locked")
    assert said.code == 4
    assert said.err.startswith("error: the lock is out of date for a: 1 job needs making\n")
    (tmp_path / "scorefile.yaml").write_text(SKETCHES.replace("a:", "c:"))
    said = say("plan", "--locked")
    assert said.code == 4
    assert said.err.startswith("error: the lock is out of date for c: nothing needs making\n")
    (tmp_path / "scorefile.yaml").write_text(SKETCHES)
    (tmp_path / "b.wav").write_bytes(b"mine")
    said = say("plan", "--locked")
    assert said.code == 5 == say("run", "--locked").code
    assert said.err == "error: b is blocked: a run leaves it until you decide\n"
    (tmp_path / "b.wav").unlink()
    assert say("plan", "--locked").code == 0, "what is only missing here is in the lock"
