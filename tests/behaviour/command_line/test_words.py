"""Words of a command line that mean something else than they look like."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.behaviour.command_line.conftest import Said

    Say = Callable[..., Said]

ASKS = "version: 1\ndefaults: {model: local/sketch}\nvars: {game: x, mood: y}\njobs:\n  a: {prompt: '{{ game }} {{ mood }}'}\n"


@pytest.mark.parametrize(
    ("value", "prompt"),
    [
        ("game=Very Long Name", "Very Long Name y"),
        ("game=Very Long Name\nmood=calm and slow", "Very Long Name calm and slow"),
        ("game=a\n\nmood=b\n", "a b"),
    ],
)
def test_variables_in_the_environment_are_one_a_line(
    say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str, prompt: str
) -> None:
    (tmp_path / "scorefile.yaml").write_text(ASKS)
    monkeypatch.setenv("SCOREFILE_VAR", value)
    assert say("render", "--format", "json").json["requests"][0]["params"]["prompt"] == prompt
    assert say("plan", "--var", "game=other").code == 0, "the command line goes first"


def test_out_of_date_is_an_error_with_a_detailed_exit_code(say: Say) -> None:
    codes = [
        say("plan", *words).code
        for words in ([], ["--locked"], ["--detailed-exitcode"], ["--locked", "--detailed-exitcode"])
    ]
    assert codes == [0, 4, 2, 1]
    assert say("plan", "--locked").err == (
        "error: the lock is out of date for title, battle@calm, battle@hot: 3 jobs need making\n\n"
        "help: title: not made yet; battle@calm: not made yet; battle@hot: not made yet; run without --locked or SCOREFILE_LOCKED to update it\n"
    )
    assert (
        "::error title=out-of-date::the lock is out of date for title"
        in say("plan", "--locked", "--format", "github").out
    )
    assert say("plan", "--locked", "--detailed-exitcode", "--format", "json").json["exit_code"] == 1


def test_a_misspelled_command_leads_to_ours(say: Say) -> None:
    said = say("plam")
    assert said.code == 2
    assert said.err == "error: there is no command 'plam'; did you mean plan?\n\nhelp: scorefile --help\n"


def test_a_command_like_no_other_is_told_in_the_same_words(say: Say) -> None:
    said = say("xyzzy")
    assert said.code == 2
    assert said.err == "error: there is no command 'xyzzy'\n\nhelp: scorefile --help\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("plan", "--no-such-flag"), "error: no such option '--no-such-flag'\n\nhelp: scorefile plan --help\n"),
        (("run", "-j", "many"), "error: invalid value for '-j' / '--jobs': 'many' is not a valid integer range"),
    ],
)
def test_a_wrong_command_line_is_told_as_every_error(say: Say, words: tuple[str, ...], told: str) -> None:
    said = say(*words)
    assert said.code == 2
    assert said.err.startswith(told), said.err
