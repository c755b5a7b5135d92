"""scorefile validate"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from runner.cli import complete, options

if TYPE_CHECKING:
    from runner.records import Problem
    from runner.report.validate import ValidateReport


@click.command("validate")
@click.argument("files", nargs=-1, metavar="[FILE...]", shell_complete=complete.files)
@options.profile
@options.variables
@click.option("--strict", is_flag=True, envvar="SCOREFILE_STRICT", help="Warnings fail too.")
@options.reporting
def command(files: tuple[str, ...], profile: str | None, variables: tuple[str, ...], *, strict: bool) -> ValidateReport:
    """Find every problem of the files at once, each with file:line:col."""
    from runner.errors import SpecError
    from runner.report.validate import ValidateReport
    from runner.sources import DEFAULT_FILE
    from runner.workflow import check

    problems: list[Problem] = []
    jobs = 0
    for file in files or (None,):
        try:
            checked = check(options.ask_from((file,) if file else (), profile=profile, variables=variables))
            jobs += len(checked.requests)
            problems += checked.warnings
        except SpecError as error:
            problems += error.problems
    failing = any(strict or problem.severity == "error" for problem in problems)
    return ValidateReport(
        files=files or (DEFAULT_FILE,),
        jobs=jobs,
        problems=tuple(problems),
        exit_code=SpecError.exit_code if failing else 0,
    )
