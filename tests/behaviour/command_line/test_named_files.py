"""Where only files are taken, a word is a file, whatever it looks like."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.report.scenes import CASES
from tests.report.xsd import problems as xsd_problems

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.behaviour.command_line.conftest import Said

    Say = Callable[..., Said]

BAD = "version: 1\njobs:\n  a: {model: local/sketch, prompt: x, output: a, params: {bpm: 900}}\n"


@pytest.mark.parametrize("word", ["titel", "title", "-"])
@pytest.mark.parametrize(
    "words", [("validate",), ("validate", "--format", "junit"), ("status",), ("verify",), ("fmt",)]
)
def test_a_file_that_is_not_there_is_said(say: Say, words: tuple[str, ...], word: str) -> None:
    said = say(*words, word)
    assert said.code == 2, said
    assert f"there is no {word}" in said.out + said.err
    assert "valid:" not in said.out


@pytest.mark.parametrize("words", [("doctor", "--offline"), ("doctor", "--state")])
def test_the_doctor_takes_a_file_too(say: Say, words: tuple[str, ...]) -> None:
    said = say(*words, "titel")
    assert "there is no titel" in said.out + said.err


def test_one_file_that_is_not_there_hides_nothing_of_the_others(say: Say, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(BAD)
    words = ("validate", "bad.yaml", "nosuch.yaml", "scorefile.yaml", "bad.yaml")
    said = say(*words)
    assert said.code == 3
    assert said.out.count("bpm is 900") == 1, "a file that is named twice is read once"
    assert "there is no nosuch.yaml\n" in said.out
    assert "help: check its name" in said.out
    assert said.err == "2 problems found\n"
    junit = say(*words, "--format", "junit").out
    assert xsd_problems(junit, CASES / "junit-10.xsd") == []
    assert 'tests="4" failures="2"' in junit
    assert say(*words, "--format", "json").json["valid"] is False


def test_with_all_else_right_a_missing_file_is_a_wrong_command_line(say: Say) -> None:
    said = say("validate", "scorefile.yaml", "nosuch.yaml")
    assert said.code == 2
    assert "there is no nosuch.yaml" in said.out
