"""scorefile log"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from runner.cli import arguments, options
from runner.cli.reporting import text_or_json

if TYPE_CHECKING:
    from runner.report.log import LogReport


@click.command("log")
@options.words
@options.rehearse
@text_or_json
def command(words: tuple[str, ...], **given: Any) -> LogReport:
    """List the journal: every submission, answer and receipt."""
    from runner.commands.log import log
    from runner.commands.session import open_session

    return log(open_session(arguments.command_options(words, given)))
