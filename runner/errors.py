"""What can go wrong, each with the exit code a script can rely on.

ScorefileError                1   unexpected
├── UsageError                2   the command line asks for something that is not there
├── SpecError                 3   the user's files are wrong; carries every Problem at once
├── DriftError                4   the lock is out of date, or outputs differ from it
├── JobsFailed                5   some jobs failed, the others are done
├── PolicyError               6   budget, price or confirmation refused to spend
├── KeyProblem                7   a key is missing, malformed or rejected
├── UnknownPayment            8   a submit may or may not have been charged
└── StateError                3   journal, lock or an output is not as it should be
    ├── LockHeld              1   another process holds the run lock
    └── NotWritable           1   the disk is full, or a folder may not be written
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from runner.records.source import Problem


class ScorefileError(Exception):
    """Root of everything this program raises on purpose; `help` is the remedy, shown last."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, help: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.help = help


class UsageError(ScorefileError):
    exit_code = 2


class SpecError(ScorefileError):
    exit_code = 3

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        errors = sum(problem.severity == "error" for problem in problems)
        super().__init__(f"{errors} problem{'' if errors == 1 else 's'}")
        self.problems = problems


class DriftError(ScorefileError):
    exit_code = 4


class JobsFailed(ScorefileError):
    exit_code = 5


class PolicyError(ScorefileError):
    exit_code = 6


class KeyProblem(ScorefileError):
    exit_code = 7


class UnknownPayment(ScorefileError):
    exit_code = 8


class StateError(ScorefileError):
    exit_code = 3


class LockHeld(StateError):
    exit_code = 1


class NotWritable(StateError):
    exit_code = 1
