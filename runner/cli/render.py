"""scorefile render"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from runner.cli import arguments, options
from runner.cli.reporting import text_or_json

if TYPE_CHECKING:
    from runner.report.render import RenderReport


@click.command("render")
@options.words
@options.profile
@options.variables
@options.choosing
@click.option(
    "--origins",
    is_flag=True,
    envvar="SCOREFILE_ORIGINS",
    help="Show where each value comes from, and what was left out.",
)
@text_or_json
def command(words: tuple[str, ...], *, origins: bool, **given: Any) -> RenderReport:
    """Show the requests as they would be sent."""
    from runner.commands.render import render
    from runner.commands.session import open_session

    return render(open_session(arguments.command_options(words, given)), origins=origins)
