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
    assert say("plan", "--locked", "--detailed-exitcode", "--format", "json").json["exit_code"] == 1


@pytest.mark.parametrize(
    ("word", "verb"),
    [("apply", "run"), ("check", "validate"), ("lint", "validate"), ("why", "explain"), ("plam", "plan")],
)
def test_a_verb_of_habit_leads_to_ours(say: Say, word: str, verb: str) -> None:
    said = say(word)
    assert said.code == 2
    assert f"There is no verb '{word}'. Did you mean '{verb}'?" in said.err


def test_every_habit_leads_to_a_verb_that_there_is() -> None:
    from runner.cli.main import HABITS, VERBS

    assert set(HABITS.values()) <= set(VERBS)
    assert not set(HABITS) & set(VERBS)
