"""Where the underline stands, whatever the line is made of."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner.records.source import Mark, Problem
from runner.report.problems import problem_text, problems_text, verdict
from runner.report.records import Style
from runner.report.style import clean, wants_color
from runner.report.width import WIDEST, show_line


def columns(text: str) -> int:
    """Count terminal columns, independently of the code under test."""
    narrow = sum(unicodedata.category(character) not in ("Mn", "Me", "Cf") for character in text)
    return narrow + sum(unicodedata.east_asian_width(character) in ("W", "F") for character in text)


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("bpm: 320", "320"),
        ("\tbpm:\t320", "320"),
        ("森の音楽: 320", "320"),
        ("cafe\u0301: 320", "320"),
        ("🎵🎵: 音楽", "音楽"),
        ("x: " + "y" * 300 + " 320 " + "z" * 300, "320"),
        ("x: " + "楽" * 300 + " 320", "320"),
    ],
)
def test_the_underline_stands_below_its_word(line: str, word: str) -> None:
    start = line.index(word) + 1
    shown = show_line(line, start, start + len(word))
    before = shown.text[: shown.text.index(word)]
    assert columns(before) == shown.offset
    assert shown.width == columns(word)
    assert columns(shown.text) <= WIDEST + 2


def test_a_place_without_an_end_is_one_character_wide() -> None:
    assert show_line("bpm: 320", 6, None).width == 1
    assert show_line("楽", 1, None).width == 2
    assert show_line("", 1, None) == show_line("", 1, 1)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.text(max_size=300), st.integers(1, 400), st.none() | st.integers(1, 400))
def test_any_place_in_any_line_is_shown(line: str, start: int, end: int | None) -> None:
    shown = show_line(line, start, end)
    assert shown.width >= 1
    assert shown.offset >= 0
    assert shown.text.isprintable() or set(shown.text) & {"\u200c", "\u200d"}
    assert columns(shown.text) <= WIDEST + 4


def test_a_place_in_a_text_beside_the_pipeline_is_shown_the_same_way() -> None:
    mark = Mark(file="lyrics/title.txt", line=2, column=3, end_column=7)
    style = Style(line_of=lambda file, line: "a {{ x }} b" if (file, line) == ("lyrics/title.txt", 2) else None)
    said = problem_text(Problem(code="SF216", message="x is not defined", mark=mark), style)
    assert said.splitlines()[1:] == [" --> lyrics/title.txt:2:3", "  |", "2 | a {{ x }} b", "  |   ^^^^"]


def test_the_verdict_counts_errors_and_warnings_apart() -> None:
    error, warning = Problem(code="SF1", message=""), Problem(code="SF6", message="", severity="warning")
    assert verdict([error]) == "1 problem found"
    assert verdict([error, error, warning]) == "2 problems and 1 warning found"
    assert verdict([warning]) == "1 warning found"


@pytest.mark.parametrize(
    ("choice", "terminal", "env", "wanted"),
    [
        ("auto", True, {}, True),
        ("auto", False, {}, False),
        ("auto", True, {"NO_COLOR": "1"}, False),
        ("auto", True, {"NO_COLOR": ""}, True),
        ("auto", False, {"FORCE_COLOR": "1"}, True),
        ("auto", True, {"FORCE_COLOR": "0"}, False),
        ("auto", False, {"CLICOLOR_FORCE": "1"}, True),
        ("auto", True, {"CLICOLOR": "0"}, False),
        ("auto", True, {"TERM": "dumb"}, False),
        ("auto", True, {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        ("always", False, {"NO_COLOR": "1", "TERM": "dumb"}, True),
        ("never", True, {"FORCE_COLOR": "1"}, False),
    ],
)
def test_colour_is_a_choice(choice: str, *, terminal: bool, env: dict[str, str], wanted: bool) -> None:
    assert wants_color(choice, is_terminal=terminal, env=env) is wanted


def test_a_message_stays_on_one_line() -> None:
    assert (
        clean("one\n  two\tthree\x1b[0m\u202e") == "one two three\N{REPLACEMENT CHARACTER}[0m\N{REPLACEMENT CHARACTER}"
    )


def test_of_one_code_twenty_problems_are_shown_and_the_rest_is_counted() -> None:
    wrong = [Problem(code="SF216", message=f"x{number} is not defined") for number in range(1_030)]
    others = [Problem(code="SF201", message=f"unknown key y{number}") for number in range(21)]
    told = problems_text([*wrong, *others], Style()).split("\n\n")
    assert len(told) == 41
    assert told[19:21] == ["error[SF216]: x19 is not defined", "error[SF201]: unknown key y0"]
    assert told[-1] == "1,010 more of SF216, 1 more of SF201: -v shows all"
    assert len(problems_text(wrong, Style(verbose=1)).split("\n\n")) == 1_030
    assert len(problems_text(wrong, Style(quiet=True)).split("\n")) == 1_030
    assert "more" not in problems_text(wrong[:20], Style())
