"""scorefile adopt"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from runner.cli import arguments, complete, options
from runner.cli.reporting import text_or_json

if TYPE_CHECKING:
    from runner.report.records import Report


@click.command("adopt")
@click.argument("words", nargs=-1, metavar="[FILE] JOB", shell_complete=complete.words)
@options.profile
@options.variables
@click.option("--rights", metavar="TEXT", help="Say who may use the file; else the take that it was edited from.")
@text_or_json
def command(words: tuple[str, ...], *, rights: str | None, **given: Any) -> Report:
    """Keep an output that was edited by hand. It is copied to adopted/ beside the pipeline, and its job imports it from there.

    What was made and paid for stays in the lock and in the store.
    """
    from runner.commands.adopt import adopt_output
    from runner.commands.session import open_session

    return adopt_output(open_session(arguments.command_options(words, given)), rights)
