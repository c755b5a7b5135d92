"""--strict in every format: what fails is said to have failed. Without it, warnings are said all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.behaviour.command_line.conftest import Said

    Say = Callable[..., Said]

TWO = """\
version: 1
vars: {unused: 1, idle: 2}
defaults: {model: local/sketch, params: {duration: 0.5}}
jobs:
  a: {prompt: x, output: a}
"""


@pytest.fixture(autouse=True)
def warned(say: Say, tmp_path: Path) -> None:
    del say
    (tmp_path / "scorefile.yaml").write_text(TWO)


@pytest.mark.parametrize("verb", ["validate", "plan", "run"])
def test_a_warning_fails_in_every_format(say: Say, tmp_path: Path, verb: str) -> None:
    said = say(verb, "--strict", "--format", "junit")
    assert said.code == 3
    assert 'failures="1"' in said.out
    assert "unused" in said.out
    assert say(verb, "--strict", "--format", "json").json["exit_code"] == 3
    assert not (tmp_path / "scorefile.lock").exists()


def test_what_fails_is_not_valid(say: Say) -> None:
    assert say("validate", "--format", "json").json["valid"] is True
    assert say("validate", "--strict", "--format", "json").json["valid"] is False


def test_strict_has_an_environment_twin(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCOREFILE_STRICT", "1")
    assert say("run").code == 3


@pytest.mark.parametrize("verb", ["validate", "plan", "run"])
def test_warnings_are_talk_when_all_else_is_right(say: Say, verb: str) -> None:
    said = say(verb)
    assert said.code == 0
    assert said.err.count("warning[SF609]") == 2
    assert "warning" not in said.out


@pytest.mark.parametrize("verb", ["validate", "plan", "run"])
def test_quiet_is_a_line_a_problem(say: Say, verb: str) -> None:
    lines = say(verb, "-q", *(["--progress", "none"] if verb == "run" else [])).err.splitlines()
    assert [line.split(": ")[1] for line in lines[:2]] == ["warning SF609"] * 2
