"""Foreign words on their way out: they steer neither a terminal nor a CI's runner, and JSON keeps what they say."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from runner.report.as_json import document, line
from runner.report.github import inert
from runner.report.style import paint, printable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.behaviour.command_line.conftest import Said

    Say = Callable[..., Said]

FOREIGN = "x\u202ey\x1b[31m\x9b2J\n::error::no ##[add-mask]a"


@pytest.mark.parametrize("color", [False, True])
def test_only_the_colors_of_the_program_reach_a_terminal(color: bool) -> None:
    painted = paint("job", "strong", on=color)
    shown = printable(f"{painted} a\x1b[8mb\x1b]0;title\x07\u202e\nnext", color=color)
    assert shown == f"{painted} a\ufffd[8mb\ufffd]0;title\ufffd\ufffd\nnext"


def test_without_color_no_sequence_is_left() -> None:
    assert "\x1b" not in printable(paint("job", "strong", on=True), color=False)


@pytest.mark.parametrize("text", ["::error::x", "  ::error::x", "0.3s job ::error::x", "a ##[add-mask]b"])
def test_nothing_in_a_line_is_a_command_to_the_runner(text: str) -> None:
    shown = inert(text)
    assert re.search("(?<!\u200b)::[a-z]", shown) is None
    assert "##[" not in shown
    assert shown.replace("\u200b", "") == text


def test_an_address_is_left_as_it_is() -> None:
    assert inert("providers at http://[::1]:8765") == "providers at http://[::1]:8765"


def test_json_says_foreign_words_in_escapes() -> None:
    for text in (document({"said": FOREIGN}, exit_code=0), line("job", {"said": FOREIGN})):
        assert json.loads(text)["said"] == FOREIGN
        assert text.replace("\n", "").isprintable()
        assert "##[" not in text


def test_what_a_project_file_says_of_a_model_is_cleaned(say: Say, tmp_path: Path) -> None:
    from tests.support.catalog import SCHEMAS

    model = json.loads((SCHEMAS / "models/pixazo/tracks.json").read_text())
    model["title"] = model["description"] = FOREIGN
    folder = tmp_path / "schemas" / "models" / "pixazo"
    folder.mkdir(parents=True)
    (folder / "tracks.json").write_text(json.dumps(model))
    shown = say("models", "pixazo/tracks").out
    assert "y\ufffd[31m\ufffd2J ::error::no" in shown
    assert shown.replace("\n", "").isprintable()
    assert say("models", "pixazo/tracks", "--format", "json").json["model"]["title"] == FOREIGN


def test_messages_are_inert_inside_github_actions(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    said = say("models", "##[add-mask]a")
    assert said.code == 2
    assert "##[" not in said.err
