"""scorefile takes"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from runner.cli import arguments, options
from runner.cli.reporting import text_or_json

if TYPE_CHECKING:
    from runner.report.records import Report


@click.command("takes")
@options.words
@options.rehearse
@options.wide
@click.option(
    "--export",
    metavar="DIR",
    envvar="SCOREFILE_EXPORT",
    help="Write the audio into DIR as JOB.take2.wav; a different file there is left alone.",
)
@text_or_json
def command(words: tuple[str, ...], *, export: str | None, **given: Any) -> Report:
    """List every take of the named jobs, or of all. A star marks the one at the output."""
    from runner.commands.session import open_session
    from runner.commands.takes import takes

    return takes(open_session(arguments.command_options(words, given), pipeline_may_be_missing=True), export)
