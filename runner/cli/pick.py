"""scorefile pick"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from runner.cli import complete
from runner.cli.reporting import text_or_json

if TYPE_CHECKING:
    from runner.report.records import Report


@click.command("pick")
@click.argument("job", shell_complete=complete.jobs)
@click.argument("take", shell_complete=complete.takes)
@click.argument("file", required=False, metavar="[FILE]", shell_complete=complete.files)
@text_or_json
def command(job: str, take: str, file: str | None) -> Report:
    """Choose a take of a job or cell. The lock keeps it by its hash; the next run puts it in its place."""
    from runner.commands.options import CommandOptions
    from runner.commands.pick import pick
    from runner.commands.session import open_session

    return pick(open_session(CommandOptions(file=file, env=os.environ)), job, take)
