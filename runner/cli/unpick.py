"""scorefile unpick"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from runner.cli import arguments, complete, options
from runner.cli.reporting import text_or_json

if TYPE_CHECKING:
    from runner.report.records import Report


@click.command("unpick")
@click.argument("job", shell_complete=complete.jobs)
@click.argument("file", required=False, metavar="[FILE]", shell_complete=complete.files)
@options.rehearse
@text_or_json
def command(job: str, file: str | None, **given: Any) -> Report:
    """Undo the choice of a take of a job or cell. Then the take that the pipeline names is the chosen one."""
    from runner.commands.pick import unpick
    from runner.commands.session import open_session

    return unpick(open_session(arguments.file_options(file, given)), job)
