"""scorefile report"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from runner.cli import arguments, options
from runner.cli.reporting import text_or_json

if TYPE_CHECKING:
    from runner.report.records import Report


@click.command("report")
@options.words
@options.profile
@options.variables
@options.choosing
@click.option("--out", metavar="FILE", help="Write the page to FILE.")
@click.option(
    "--bundle",
    metavar="DIR",
    envvar="SCOREFILE_BUNDLE",
    help="Write the page to DIR/index.html with its audio beside it.",
)
@click.option(
    "--embed", is_flag=True, envvar="SCOREFILE_EMBED", help="Make the audio of short takes part of the page, as Opus."
)
@click.option(
    "--against",
    metavar="COMMIT",
    envvar="SCOREFILE_AGAINST",
    help="Show the takes of another commit beside those of today.",
)
@options.rehearse
@text_or_json
def command(
    words: tuple[str, ...], *, out: str | None, bundle: str | None, embed: bool, against: str | None, **given: Any
) -> Report:
    """Write a page to listen on, as one HTML file. Every job is on it with its takes, to play and compare."""
    from runner.commands.options import ReportOptions
    from runner.commands.report import report
    from runner.commands.session import open_session

    wanted = ReportOptions(out=out, bundle=bundle, embed=embed, against=against)
    return report(open_session(arguments.command_options(words, given)), wanted)
