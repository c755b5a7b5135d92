"""scorefile pick"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from runner.cli import arguments, complete, options
from runner.cli.reporting import text_or_json

if TYPE_CHECKING:
    from runner.report.records import Report


@click.command("pick")
@click.argument("job", shell_complete=complete.jobs)
@click.argument("take", shell_complete=complete.takes)
@click.argument("file", required=False, metavar="[FILE]", shell_complete=complete.files)
@options.rehearse
@text_or_json
def command(job: str, take: str, file: str | None, **given: Any) -> Report:
    """Choose a take of a job or cell. The lock keeps it by its hash; the next run puts it in its place."""
    from runner.commands.pick import pick
    from runner.commands.session import open_session

    return pick(open_session(arguments.file_options(file, given)), job, take)
