"""What `validate` found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.frozen import dataclass
from runner.records.source import Mark, Problem
from runner.report.findings import of_problem
from runner.report.markdown import code, row
from runner.report.numbers import count
from runner.report.problems import gap, notes, problem_data, problems_text, verdict
from runner.report.records import Case, Page
from runner.report.style import clean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.errors import UsageError
    from runner.records.source import Json
    from runner.report.records import Finding, Style


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidateReport:
    """The problems of some files; `jobs` counts the jobs of those that are right."""

    files: tuple[str, ...]
    jobs: int
    problems: tuple[Problem, ...]
    exit_code: int
    strict: bool = False
    """Warnings fail too."""
    verb: str = "validate"
    ran: bool = True

    @property
    def name(self) -> str:
        """The files, as typed."""
        return " ".join(self.files)

    def data(self) -> dict[str, Json]:
        """Return everything, as data."""
        return {
            "valid": not failing(self.problems, strict=self.strict),
            "jobs": self.jobs,
            "problems": [problem_data(item) for item in self.problems],
        }

    def findings(self) -> tuple[Finding, ...]:
        """Return every problem."""
        return tuple(map(of_problem, self.problems))

    def cases(self) -> tuple[Case, ...]:
        """Return one case a job that a problem names, and one a file for the rest and for files without any."""
        return problem_cases(self.problems, self.files, strict=self.strict)

    def text(self, style: Style) -> str:
        """Return every problem with its place, or that there is none."""
        return problems_text(self.problems, style) if self.exit_code else f"valid: {count(self.jobs, 'job')}"

    def messages(self, style: Style) -> str:
        """Return how many problems there are, or the warnings of files that are right all the same."""
        if self.exit_code:
            return verdict(self.problems)
        said = [problems_text(self.problems, style), verdict(self.problems)]
        return gap(style).join(said) if self.problems else ""

    def page(self) -> Page:
        """Return the problems as a table."""
        if not self.problems:
            return Page(head=f"### Scorefile: {code(self.name)} is valid\n\n{count(self.jobs, 'job')}")
        return problem_page(self.problems, f"### Scorefile: {verdict(self.problems)}")


def not_there(file: str, error: UsageError) -> Problem:
    """Return a missing file as a problem, to be listed with those of the other files."""
    return Problem(code="SF503", message=error.message, mark=Mark(file=file, line=1, column=1), help=error.help)


def failing(problems: Iterable[Problem], *, strict: bool) -> tuple[Problem, ...]:
    """Return the problems that make a command fail: the errors, and when `strict` the warnings too."""
    return tuple(problem for problem in problems if strict or problem.severity == "error")


def problem_cases(problems: tuple[Problem, ...], files: tuple[str, ...], *, strict: bool) -> tuple[Case, ...]:
    """Return one case for each job or file that problems name; a file without any that fails has passed."""
    cases: dict[str, list[Problem]] = {file: [] for file in files}
    for problem in problems:
        file = problem.mark.file if problem.mark else "scorefile"
        in_job = len(problem.path) > 1 and problem.path[0] == "jobs"
        cases.setdefault(str(problem.path[1]) if in_job else file, []).append(problem)
    return tuple(_case(name, failing(found, strict=strict)) for name, found in cases.items())


def _case(name: str, problems: tuple[Problem, ...]) -> Case:
    if not problems:
        return Case(name=name, group="validate")
    first = problems[0]
    told = [
        line
        for problem in problems
        for line in (f"{problem.code} {problem.mark or ''}: {clean(problem.message)}", *notes(problem))
    ]
    return Case(
        name=name,
        group="validate",
        state="failed",
        kind=first.code,
        message=clean(first.message),
        notes=tuple(told),
        mark=first.mark,
    )


def problem_page(problems: tuple[Problem, ...], head: str) -> Page:
    """Return problems as a page, errors first."""
    ordered = sorted(problems, key=lambda problem: problem.severity != "error")
    return Page(
        head=head,
        table=f"{row('', 'code', 'place', 'problem', 'help')}\n|---|---|---|---|---|",
        rows=tuple(_row(problem) for problem in ordered),
        noun="problem",
    )


def _row(problem: Problem) -> str:
    allowed = f" allowed: {code(problem.allowed)}" if problem.allowed else ""
    reach = f" in {count(len(problem.cells), 'job')}" if len(problem.cells) > 1 else ""
    place = code(str(problem.mark)) if problem.mark else ""
    return row(
        problem.severity,
        problem.code,
        place,
        f"{code(problem.message)}{allowed}{reach}",
        code(problem.help) if problem.help else "",
    )
