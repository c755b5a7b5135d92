"""scorefile validate"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from runner.cli import options

if TYPE_CHECKING:
    from runner.records import Problem


@click.command("validate")
@click.argument("files", nargs=-1, metavar="[FILE...]")
@options.profile
@options.variables
@options.output_format
def command(files: tuple[str, ...], profile: str | None, variables: tuple[str, ...], format_: str) -> int:
    """Find every problem of the files at once, each with file:line:col."""
    from runner.cli.show import count, print_json, problem_json, problem_text
    from runner.errors import SpecError
    from runner.workflow import check

    problems: list[Problem] = []
    jobs = 0
    for file in files or (None,):
        try:
            ask = options.ask_from((file,) if file else (), profile=profile, variables=variables)
            checked = check(ask)
            jobs += len(checked.requests)
            problems += checked.warnings
        except SpecError as error:
            problems += error.problems
    errors = sum(problem.severity == "error" for problem in problems)
    if format_ == "json":
        print_json({"valid": errors == 0, "jobs": jobs, "problems": [problem_json(item) for item in problems]})
    else:
        for item in problems:
            click.echo(problem_text(item))
        verdict = f"{count(errors, 'problem')} found" if errors else f"valid: {count(jobs, 'job')}"
        click.echo(verdict, err=bool(errors))
    return SpecError.exit_code if errors else 0
