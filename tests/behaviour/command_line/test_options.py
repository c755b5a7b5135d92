"""Every option of every verb, as click itself lists them: names, environment twins, help, formats."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click
import pytest
from jsonschema import Draft7Validator

from runner.cli.main import VERBS, Verbs, cli
from tests.report.test_formats import OUTPUT

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.behaviour.command_line.conftest import Said

    Say = Callable[..., Said]

WITHOUT_TWIN = {
    ("", "--version"): "an action, not a setting",
    ("approve", "--note"): "a word about the takes that are named, said each time by hand",
    ("approve", "--take"): "the same",
    ("approve", "--withdraw"): "the same",
    ("rate", "--stars"): "the same",
    ("rate", "--note"): "the same",
    ("rate", "--take"): "the same",
    ("rate", "--withdraw"): "the same",
    ("resolve", "--id"): "a decision about one submission, made each time by hand",
    ("resolve", "--not-charged"): "the same",
    ("resolve", "--resubmit"): "the same",
    ("trust", "--yes"): "an agreement to what is listed, given each time by hand",
    ("adopt", "--rights"): "a note about one file, written each time by hand",
    ("forget", "--yes"): "a decision about the jobs that are named, made each time by hand",
    ("gc", "--yes"): "a deletion of what is listed, asked for each time by hand",
    ("gc", "--paid"): "the same",
    ("merge", "--install"): "an action, not a setting",
    ("merge", "--out"): "a file to write, named each time by hand",
    ("report", "--out"): "the same",
    ("schema", "--format"): "JSON whatever the environment names",
    ("completion", "--format"): "a shell evaluates what is printed, whatever the environment names",
}
READS_ITS_TWIN_ITSELF = {
    "--format": "SCOREFILE_FORMAT may name a format that a verb with text and JSON alone does not have",
}
COMMANDS: dict[str, click.Command] = {"": cli}
with click.Context(cli) as context:
    assert isinstance(cli, Verbs)
    COMMANDS |= {verb: command for verb in VERBS if (command := cli.get_command(context, verb)) is not None}
OPTIONS = [
    (verb, option)
    for verb, command in COMMANDS.items()
    for option in command.params
    if isinstance(option, click.Option)
]
ANSWERED_WITH: dict[str, tuple[str, ...]] = {
    "init": ("day",),
    "validate": (),
    "render": (),
    "plan": (),
    "run": ("--dry-run",),
    "status": (),
    "report": (),
    "verify": (),
    "resolve": (),
    "trust": (),
    "merge": (),
    "cancel": ("title",),
    "log": (),
    "explain": ("SF401",),
    "models": (),
    "fmt": ("--check",),
    "pick": ("title", "1"),
    "unpick": ("title",),
    "takes": (),
    "approve": ("title",),
    "rate": ("title", "--stars", "4"),
    "adopt": ("title",),
    "forget": ("title", "--yes"),
    "identify": ("day.yaml",),
    "gc": (),
    "completion": ("fish",),
    "doctor": ("--offline",),
}
"""For each verb, words with which it answers in a folder where nothing was made yet, be it with an error."""
NO_REPORT = {"schema": "the JSON Schema itself", "emulator": "it serves until it is stopped", "review": "the same"}


def long_name(option: click.Option) -> str:
    return max(option.opts, key=len)


def named(verb: str, option: click.Option) -> str:
    return f"{verb} {long_name(option)}".strip()


EACH = pytest.mark.parametrize(("verb", "option"), OPTIONS, ids=[named(*pair) for pair in OPTIONS])


@EACH
def test_every_option_has_an_environment_twin_of_its_name(verb: str, option: click.Option) -> None:
    name = long_name(option)
    if (verb, name) in WITHOUT_TWIN:
        assert option.envvar is None, "no exception any more: take it out of the list"
    elif option.envvar is None:
        assert name in READS_ITS_TWIN_ITSELF
        assert "SCOREFILE_FORMAT" in (option.help or "")
    else:
        assert option.envvar == f"SCOREFILE_{name.removeprefix('--').replace('-', '_').upper()}"


def test_the_exceptions_name_options_that_exist() -> None:
    there = {(verb, long_name(option)) for verb, option in OPTIONS}
    assert set(WITHOUT_TWIN) - there == set()


@pytest.mark.parametrize(
    "verb", [verb for verb in VERBS if (verb, "--format") not in WITHOUT_TWIN and verb not in NO_REPORT]
)
def test_the_environment_names_the_format_of_every_verb_that_has_one(
    say: Say, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    monkeypatch.setenv("SCOREFILE_FORMAT", "json")
    assert isinstance(say(verb, *ANSWERED_WITH[verb]).json, dict)


@EACH
def test_every_option_says_in_one_sentence_what_happens(verb: str, option: click.Option) -> None:
    assert option.help, f"{named(verb, option)} has no help"
    assert re.match(r"[A-Z]\S* \S", option.help), "a full phrase"
    assert re.search(r"[.\]]$", option.help)


@pytest.mark.parametrize("verb", VERBS)
def test_the_list_of_verbs_and_the_help_of_each_say_the_same(verb: str) -> None:
    first = re.split(r"\.(?:\s|$)", COMMANDS[verb].help or "", maxsplit=1)[0]
    assert " ".join(first.split()) == VERBS[verb]


@pytest.mark.parametrize("verb", VERBS)
def test_the_line_of_a_verb_is_an_imperative_that_fits_a_terminal(verb: str) -> None:
    assert re.match(r"[A-Z][a-z]+[^s:] \S", VERBS[verb]), "a verb first"
    assert len(VERBS[verb]) <= 64


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_text_and_json(verb: str) -> None:
    formats = [option for of, option in OPTIONS if of == verb and long_name(option) == "--format"]
    assert len(formats) == 1
    assert isinstance(formats[0].type, click.Choice)
    assert {"text", "json"} <= set(formats[0].type.choices)


def test_each_verb_has_words_that_it_answers() -> None:
    assert set(ANSWERED_WITH) | set(NO_REPORT) == set(VERBS)


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb not in NO_REPORT])
def test_the_json_of_every_verb_is_one_document_with_its_version(say: Say, verb: str) -> None:
    said = say(verb, *ANSWERED_WITH[verb], "--format", "json")
    Draft7Validator(OUTPUT).validate(said.json)
    assert list(said.json)[:2] == ["format_version", "exit_code"]
    assert said.json["exit_code"] == said.code


def test_a_plan_is_saved_where_the_environment_says(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCOREFILE_OUT", "plan.json")
    planned = say("plan", "--rehearse")
    monkeypatch.delenv("SCOREFILE_OUT")
    assert say("run", "plan.json", "--dry-run").out == planned.out


@pytest.mark.parametrize(("value", "changes", "wrong_line"), [("1", 2, 1), ("true", 2, 1), ("0", 0, 2), ("", 0, 2)])
def test_detailed_exit_codes_are_chosen_by_the_environment_too(
    say: Say, monkeypatch: pytest.MonkeyPatch, value: str, changes: int, wrong_line: int
) -> None:
    monkeypatch.setenv("SCOREFILE_DETAILED_EXITCODE", value)
    assert say("plan").code == changes
    assert say("plan", "--no-such-option").code == wrong_line


def test_origins_are_shown_when_the_environment_says_so(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "← " not in say("render").out
    monkeypatch.setenv("SCOREFILE_ORIGINS", "1")
    assert "← " in say("render").out
