"""A command that was refused or went wrong before it had anything to show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.errors import InvalidFilesError, ScorefileError
from runner.frozen import dataclass
from runner.report.findings import of_error, of_problem
from runner.report.markdown import code
from runner.report.problems import error_text, gap, problem_data, problems_text, verdict
from runner.report.records import Case, Finding, Page
from runner.report.style import clean
from runner.report.validate import failing, problem_cases, problem_page

if TYPE_CHECKING:
    from runner.records.source import Json, Problem
    from runner.report.records import Style


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureReport:
    """A ScorefileError as a report."""

    verb: str
    error: ScorefileError
    exit_code: int
    name: str = ""
    files: tuple[str, ...] = ()

    @property
    def ran(self) -> bool:
        """Say whether the command did its work: it did when it found problems in the files."""
        return isinstance(self.error, InvalidFilesError)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The problems in the files, when that is what it is about."""
        return self.error.problems if isinstance(self.error, InvalidFilesError) else ()

    def data(self) -> dict[str, Json]:
        """Return everything, as data."""
        error = {"rule": self._rule(), "message": self.error.message, "help": self.error.help}
        return {"error": error, "problems": [problem_data(item) for item in self.problems]}

    def findings(self) -> tuple[Finding, ...]:
        """Return every problem, or the error itself."""
        if isinstance(self.error, InvalidFilesError):
            return tuple(map(of_problem, self.problems))
        return (of_error(self.error),)

    def cases(self) -> tuple[Case, ...]:
        """Return one case a job or file that problems name, or one for the command itself."""
        if isinstance(self.error, InvalidFilesError):
            is_strict = not failing(self.problems, strict=False)
            return problem_cases(self.problems, (), strict=is_strict)
        help_ = (f"help: {clean(self.error.help)}",) if self.error.help else ()
        told = clean(self.error.message)
        return (Case(name=self.verb, group=self.verb, state="error", kind=self._rule(), message=told, notes=help_),)

    def text(self, style: Style) -> str:
        """Return nothing: an error is a message for stderr."""
        del style
        return ""

    def messages(self, style: Style) -> str:
        """Return every problem, or what went wrong and its remedy."""
        if isinstance(self.error, InvalidFilesError):
            return gap(style).join([problems_text(self.problems, style), verdict(self.problems)])
        return error_text(self.error, style)

    def page(self) -> Page:
        """Return the problems as a table, or the error and its remedy."""
        head = f"### Scorefile {self.verb} was refused"
        if isinstance(self.error, InvalidFilesError):
            return problem_page(self.problems, f"### Scorefile {self.verb}: {verdict(self.problems)}")
        help_ = f"\n\nhelp: {code(self.error.help, 400)}" if self.error.help else ""
        return Page(head=f"{head}\n\n{code(self.error.message, 400)}{help_}")

    def _rule(self) -> str:
        return self.problems[0].code if self.problems else self.error.rule
