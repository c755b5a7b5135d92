"""Every code has a page; its wrong example has that problem and no other, its right example has none."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from runner.commands.options import CommandOptions
from runner.commands.session import open_session
from runner.diagnostics.codes import CODES
from runner.errors import InvalidFilesError
from runner.explain import PIPELINE, codes, read_page

if TYPE_CHECKING:
    from runner.records.source import Problem

RUNNER = Path(__file__).resolve().parents[2] / "runner"
SOUND = "version: 1\njobs: {title: {model: local/sketch, prompt: calm piano}}\n"


def problems_of(code: str, folder: Path, example: tuple[str, str]) -> tuple[Problem, ...]:
    page = read_page(code)
    for path, text in {PIPELINE: SOUND, **page.files, example[0]: example[1]}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    words = shlex.split(page.flags)
    flags = dict(zip(words[::2], words[1::2], strict=True))
    overrides = dict([flags["--var"].split("=")]) if "--var" in flags else {}
    try:
        file, profile = str(folder / PIPELINE), flags.get("--profile")
        options = CommandOptions(file=file, profile=profile, vars=overrides, env=page.env)
        return open_session(options).checked.warnings
    except InvalidFilesError as error:
        return error.problems


@pytest.mark.parametrize("code", codes())
def test_the_wrong_example_has_this_problem_alone(code: str, tmp_path: Path) -> None:
    assert {problem.code for problem in problems_of(code, tmp_path, read_page(code).wrong)} == {code}


@pytest.mark.parametrize("code", codes())
def test_the_right_example_has_no_problem(code: str, tmp_path: Path) -> None:
    assert problems_of(code, tmp_path, read_page(code).right) == ()


def test_every_code_has_a_page_with_its_title() -> None:
    assert {code: read_page(code).title for code in codes()} == {
        code: title.rstrip(".") for code, title in CODES.items()
    }


def test_every_code_that_the_program_can_raise_has_a_page() -> None:
    raised = {
        code
        for file in RUNNER.rglob("*.py")
        for code in re.findall(r'code="(SF\d{3})"|\(\s*"(SF\d{3})"', file.read_text(encoding="utf-8"))
    }
    assert {one or other for one, other in raised} <= set(codes())


@pytest.mark.parametrize("code", codes())
def test_a_page_explains_before_it_shows(code: str) -> None:
    page = read_page(code)
    explanation = page.text.partition("```")[0].splitlines()[2:]
    assert len(" ".join(explanation)) > 60
    assert page.text.index(page.wrong[1]) < page.text.rindex(page.right[1])
