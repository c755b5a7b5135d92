"""What can go wrong, each with the exit code and the rule word that a script can rely on.

ScorefileError                1   unexpected       an error in this program
├── UsageError                2   usage            the command line names something that does not exist
├── InvalidFilesError         3   invalid-files    the user's files are wrong; has every Problem at once
├── DriftError                4   out-of-date      the lock is out of date, or outputs differ from it
├── PolicyError               6   refused          a budget, an unknown price or a missing confirmation prevents spending
├── NotApprovedError          9   not-approved     a release has an output that nobody approved
├── ApiKeyError               7   key              a key is missing, malformed or rejected
├── UntrustedError            7   untrusted        the project sends a key where nobody on this machine has agreed to
├── EmulatorError             1   emulator         the emulator did not start, or cannot play a provider file
├── SystemRefusedError        1   system           the operating system refused: a folder is gone, a file is not readable
└── StateError                3   state            the journal, the lock or an output is damaged or in the way
    ├── NotWritableError      1   not-writable     the disk is full, or a folder is not writable
    └── RunLockedError       11   another-run      another run holds the lock of this project
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from runner.records.source import Problem


class ScorefileError(Exception):
    """Root of everything this program raises on purpose; `help` is the remedy, shown last."""

    exit_code: ClassVar[int] = 1
    rule: ClassVar[str] = "unexpected"

    def __init__(self, message: str, *, help: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.help = help


class UsageError(ScorefileError):
    exit_code = 2
    rule = "usage"


class InvalidFilesError(ScorefileError):
    exit_code = 3
    rule = "invalid-files"

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        errors = sum(problem.severity == "error" for problem in problems)
        super().__init__(f"{errors} problem{'' if errors == 1 else 's'}")
        self.problems = problems


class DriftError(ScorefileError):
    exit_code = 4
    rule = "out-of-date"


class PolicyError(ScorefileError):
    exit_code = 6
    rule = "refused"


class NotApprovedError(ScorefileError):
    exit_code = 9
    rule = "not-approved"


class ApiKeyError(ScorefileError):
    exit_code = 7
    rule = "key"


class UntrustedError(ScorefileError):
    exit_code = 7
    rule = "untrusted"


class EmulatorError(ScorefileError):
    rule = "emulator"


class SystemRefusedError(ScorefileError):
    rule = "system"


class StateError(ScorefileError):
    exit_code = 3
    rule = "state"


class NotWritableError(StateError):
    exit_code = 1
    rule = "not-writable"


class RunLockedError(StateError):
    exit_code = 11
    rule = "another-run"
