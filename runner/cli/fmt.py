"""scorefile fmt"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from runner.cli import complete
from runner.cli.reporting import text_or_json

if TYPE_CHECKING:
    from runner.report.records import Report


@click.command("fmt")
@click.argument("files", nargs=-1, metavar="[FILE...]", shell_complete=complete.files)
@click.option(
    "--check", is_flag=True, envvar="SCOREFILE_CHECK", help="Write nothing; exit 3 and name what would change."
)
@text_or_json
def command(files: tuple[str, ...], *, check: bool) -> Report:
    """Format pipelines; comments stay. Data, order and anchors stay too."""
    from runner.commands.fmt import fmt

    return fmt(files, os.environ, write=not check)
