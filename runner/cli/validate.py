"""scorefile validate"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from runner.cli import arguments, complete, options
from runner.cli.reporting import reporting

if TYPE_CHECKING:
    from runner.records.source import Problem
    from runner.report.validate import ValidateReport


@click.command("validate")
@click.argument("files", nargs=-1, metavar="[FILE...]", shell_complete=complete.files)
@options.profile
@options.variables
@options.strict
@reporting
def command(files: tuple[str, ...], profile: str | None, variables: tuple[str, ...], *, strict: bool) -> ValidateReport:
    """Find every problem of the files at once, each with file:line:col."""
    from runner.commands.workflow import check
    from runner.errors import InvalidFilesError, UsageError
    from runner.report.validate import ValidateReport, not_there
    from runner.state.project import DEFAULT_FILE

    named = tuple(dict.fromkeys(files)) or (DEFAULT_FILE,)
    problems: list[Problem] = []
    jobs = missing = 0
    arguments.ask_file(None, profile=profile, variables=variables)  # a wrong --var is said once, and not for each file
    for file in named:
        try:
            checked = check(arguments.ask_file(file if files else None, profile=profile, variables=variables))
            jobs += len(checked.requests)
            problems += checked.warnings
        except InvalidFilesError as error:
            problems += error.problems
        except UsageError as error:
            if len(named) == 1:
                raise
            missing += 1
            problems.append(not_there(file, error))
    failing = sum(strict or problem.severity == "error" for problem in problems)
    usage = UsageError.exit_code if failing == missing else InvalidFilesError.exit_code
    return ValidateReport(
        files=named,
        jobs=jobs,
        problems=tuple(problems),
        exit_code=usage if failing else 0,
        strict=strict,
    )
