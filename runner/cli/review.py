"""scorefile review"""

from __future__ import annotations

from typing import Any

import click

from runner.cli import arguments, options


@click.command("review")
@options.words
@options.profile
@options.variables
@options.choosing
@click.option(
    "--port",
    default=0,
    type=click.IntRange(0, 65535),
    envvar="SCOREFILE_PORT",
    help="Listen on this port of this machine; 0, the default, chooses a free one.",
)
@options.by
@options.rehearse
@options.output_format
def command(words: tuple[str, ...], *, port: int, by: str | None, format_: str, **given: Any) -> None:
    """Serve the page to listen on, and save what is decided on it. It is for browsers of this machine; Ctrl-C ends it."""
    from runner.cli.show import print_report
    from runner.commands.review import review
    from runner.commands.session import open_session

    session = open_session(arguments.command_options(words, given))
    review(session, port, by=by, ready=lambda report: print_report(report, format_))
