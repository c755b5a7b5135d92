"""What a machine refuses, in every format: told with the remedy, never as a fault of the program."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

import pytest

from runner.cli.failures import as_error
from runner.errors import NotWritableError, ScorefileError, SystemRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.behaviour.command_line.conftest import Said

    Say = Callable[..., Said]


@pytest.mark.parametrize(
    ("number", "kind", "remedy"),
    [
        (errno.ENOSPC, NotWritableError, "free some disk space, then run again; nothing that was paid for is lost"),
        (errno.EROFS, NotWritableError, "make the file system writable, then run again"),
        (errno.EACCES, SystemRefusedError, "correct the permissions, then run again"),
        (errno.ENOTDIR, SystemRefusedError, "correct this, then run again"),
    ],
)
def test_what_the_system_refuses_has_a_remedy(number: int, kind: type[ScorefileError], remedy: str) -> None:
    error = as_error(OSError(number, "No room", "audio/a.wav"))
    assert type(error) is kind
    assert error.message == "audio/a.wav: No room"
    assert (error.help or "").startswith(remedy)


def test_a_fault_of_the_program_says_so() -> None:
    error = as_error(ValueError("no such thing"))
    assert (error.message, error.rule, error.exit_code) == ("unexpected ValueError: no such thing", "unexpected", 1)
    assert "a fault of Scorefile" in (error.help or "")


def test_debugging_shows_where_it_happened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCOREFILE_DEBUG", "1")
    with pytest.raises(ValueError, match="no such thing"):
        as_error(ValueError("no such thing"))


@pytest.mark.parametrize("verb", ["plan", "validate"])
def test_an_error_that_nobody_foresaw_is_data_too(
    say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    (tmp_path / "schemas" / "models" / "mine").mkdir(parents=True)
    (tmp_path / "schemas" / "models" / "mine" / "a.json").mkdir()
    said = say(verb, "--format", "json")
    assert said.code == said.json["exit_code"] != 0
    assert [problem["code"] for problem in said.json["problems"]] == ["SF301"]
    assert said.json.get("error", {}).get("rule") != "unexpected"


@pytest.mark.parametrize("words", [("init", "scorefile.yaml"), ("init", "scorefile.yaml/night")])
def test_what_the_system_refuses_is_data_too(say: Say, words: tuple[str, ...]) -> None:
    said = say(*words, "--format", "json")
    assert (said.code, said.json["exit_code"], said.json["error"]["rule"]) == (1, 1, "system")
    assert said.err.endswith("help: correct this, then run again; nothing that was paid for is lost\n")
