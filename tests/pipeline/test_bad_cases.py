"""Every file in tests/cases/bad says in its first lines which problems it has; it has these and no others.

Beside each stands the exact text that `scorefile validate` prints; `python -m tests.pipeline.regenerate` writes it anew.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from runner.diagnostics.codes import CODES
from tests.pipeline.cases import CASES, problems_of, shown

HERE = Path(__file__).parent
EXPECT = re.compile(r"# expect: (SF\d+) (\d+):(\d+) (.+)")
NEWCOMER = {
    "newcomer-tab": "indent with spaces: YAML takes no tabs there",
    "newcomer-parameter-name": "did you mean bpm?",
    "newcomer-out-of-range": "write 300 or less",
    "newcomer-unquoted-template": 'write "{{ game }}"',
    "newcomer-missing-space": "write prompt: Title theme",
    "newcomer-missing-colon": "write params:",
    "newcomer-params-list": "remove the dashes",
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_a_broken_pipeline_says_exactly_what_is_wrong_and_where(case: Path) -> None:
    text = case.read_text(encoding="utf-8")
    expected = EXPECT.findall(text)
    assert expected, "the case expects nothing"
    said = [
        (
            problem.code,
            str(problem.mark.line if problem.mark else 0),
            str(problem.mark.column if problem.mark else 0),
            problem.message,
        )
        for problem in problems_of(text)
    ]
    assert [item[:3] for item in said] == [item[:3] for item in expected]
    for one, other in zip(said, expected, strict=True):
        assert one[3].startswith(other[3])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_validate_prints_exactly_the_expected_text(case: Path) -> None:
    assert shown(case.read_text(encoding="utf-8")) == case.with_suffix(".expected").read_text(encoding="utf-8")


@pytest.mark.parametrize(("name", "remedy"), NEWCOMER.items())
def test_a_common_mistake_has_its_remedy(name: str, remedy: str) -> None:
    (problem,) = problems_of((CASES[0].parent / f"{name}.yaml").read_text(encoding="utf-8"))
    assert problem.mark is not None
    assert problem.mark.end_column is not None or name == "newcomer-params-list"
    assert problem.help == remedy


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_every_problem_has_a_remedy(case: Path) -> None:
    assert [problem.message for problem in problems_of(case.read_text(encoding="utf-8")) if not problem.help] == []


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 80


def test_every_code_in_the_source_is_in_the_list() -> None:
    runner = HERE.parents[1] / "runner"
    files = [file for room in ("pipeline", "catalog") for file in (runner / room).rglob("*.py")]
    files += [
        runner / "diagnostics" / "secrets.py",
        *(runner / "commands" / name for name in ("bindings.py", "pick_problems.py")),
    ]
    used = {code for file in files for code in re.findall(r'"(SF\d{3})"', file.read_text(encoding="utf-8"))}
    assert used == set(CODES)


def test_no_message_shows_the_words_of_a_schema_validator() -> None:
    for case in CASES:
        text = case.with_suffix(".expected").read_text(encoding="utf-8")
        assert not re.search(r"is not valid under|oneOf|anyOf|is not of type|Traceback|\bNone of\b|not YAML", text)
