"""What went wrong before there was anything to report: exit code and rule word belong to the error itself."""

from __future__ import annotations

import json

import pytest

from runner import errors
from runner.errors import InvalidFilesError, NotWritableError, RunLockedError, ScorefileError, SystemRefusedError
from runner.report.failure import FailureReport
from runner.report.findings import RULES
from runner.report.formats import FORMATS
from runner.report.records import Style

CLASSES = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, ScorefileError)]
MACHINE = (RunLockedError, NotWritableError, SystemRefusedError)


def failed(error: ScorefileError) -> FailureReport:
    return FailureReport(verb="run", error=error, exit_code=error.exit_code, name="night", files=("night.yaml",))


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_error_owns_its_rule_word_and_its_line_in_the_docstring(kind: type[ScorefileError]) -> None:
    assert "rule" in vars(kind), "a rule word is not inherited"
    assert kind.rule in RULES
    line = next(line for line in (errors.__doc__ or "").splitlines() if f" {kind.__name__} " in f" {line}")
    assert line[line.index(kind.__name__) :].split()[1:3] == [str(kind.exit_code), kind.rule]


def test_no_two_errors_share_a_rule_word() -> None:
    assert len({kind.rule for kind in CLASSES}) == len(CLASSES)


@pytest.mark.parametrize("kind", MACHINE, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("format_", FORMATS)
def test_what_the_machine_refuses_is_unexpected_in_no_format(kind: type[ScorefileError], format_: str) -> None:
    report = failed(kind("it is so", help="wait"))
    shown = FORMATS[format_](report, Style()) + report.messages(Style())
    assert "unexpected" not in shown
    assert "went wrong" not in shown
    if format_ in ("json", "jsonl", "github", "junit", "sarif"):
        assert kind.rule in shown


def test_a_held_lock_has_an_exit_code_of_its_own() -> None:
    data = json.loads(FORMATS["json"](failed(RunLockedError("another run holds night")), Style()))
    assert (data["exit_code"], data["error"]["rule"]) == (11, "another-run")


def test_wrong_files_are_told_by_the_code_of_their_first_problem() -> None:
    empty = failed(InvalidFilesError(()))
    assert empty.data()["error"] == {"rule": "invalid-files", "message": "0 problems", "help": None}
