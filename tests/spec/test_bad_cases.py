"""Every file in tests/cases/bad says in its first lines which problems it has; it has these and no others."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from runner.spec.codes import CODES
from tests.spec.conftest import check_text

HERE = Path(__file__).parent
CASES = sorted((HERE.parent / "cases" / "bad").glob("*.yaml"))
EXPECT = re.compile(r"# expect: (SF\d+) (\d+):(\d+) (.+)")


def options(text: str) -> tuple[str | None, dict[str, str]]:
    line = next((line for line in text.splitlines() if line.startswith("# with: ")), "")
    profile = re.search(r"--profile (\S+)", line)
    overrides = dict(pair.split("=", 1) for pair in re.findall(r"--var (\S+)", line))
    return profile[1] if profile else None, overrides


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_a_broken_pipeline_says_exactly_what_is_wrong_and_where(case: Path) -> None:
    text = case.read_text(encoding="utf-8")
    profile, overrides = options(text)
    expected = EXPECT.findall(text)
    assert expected, "the case expects nothing"
    problems = check_text(text, profile=profile, overrides=overrides).problems
    said = [
        (
            problem.code,
            str(problem.mark.line if problem.mark else 0),
            str(problem.mark.column if problem.mark else 0),
            problem.message,
        )
        for problem in problems
    ]
    wanted = [(code, line, column, message) for code, line, column, message in expected]
    assert [item[:3] for item in said] == [item[:3] for item in wanted]
    for one, other in zip(said, wanted, strict=True):
        assert one[3].startswith(other[3])


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 80


def test_every_code_is_raised_by_some_test() -> None:
    seen = {code for case in CASES for code, *_ in EXPECT.findall(case.read_text(encoding="utf-8"))}
    for module in HERE.glob("test_*.py"):
        seen |= set(re.findall(r'"(SF\d+)"', module.read_text(encoding="utf-8")))
    assert seen == set(CODES)


def test_every_code_in_the_source_is_in_the_list() -> None:
    room = HERE.parents[1] / "runner" / "spec"
    used = {code for file in room.glob("*.py") for code in re.findall(r'"(SF\d+)"', file.read_text(encoding="utf-8"))}
    assert used == set(CODES)


def test_no_message_shows_the_words_of_a_schema_validator() -> None:
    for case in CASES:
        text = case.read_text(encoding="utf-8")
        profile, overrides = options(text)
        for problem in check_text(text, profile=profile, overrides=overrides).problems:
            shown = f"{problem.message} {problem.allowed} {problem.help}"
            assert not re.search(r"is not valid under|oneOf|anyOf|is not of type|Traceback|\bNone of\b", shown)
