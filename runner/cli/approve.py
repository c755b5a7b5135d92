"""scorefile approve"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from runner.cli import arguments, options
from runner.cli.reporting import text_or_json

if TYPE_CHECKING:
    from runner.report.records import Report


@click.command("approve")
@options.words
@options.rehearse
@options.by
@click.option("--note", default="", metavar="TEXT", help="A note that the lock keeps beside it.")
@click.option("--take", type=click.IntRange(min=1), metavar="N", help="Approve take N, whichever is chosen.")
@click.option("--withdraw", is_flag=True, help="Withdraw the approvals of the jobs.")
@text_or_json
def command(words: tuple[str, ...], **given: Any) -> Report:
    """Approve the chosen take of jobs. The lock keeps it by the take's hash; another take needs another approval."""
    from runner.commands.approve import approve
    from runner.commands.options import ApproveOptions
    from runner.commands.session import open_session

    how = ApproveOptions(
        by=given.pop("by"), note=given.pop("note"), take=given.pop("take"), withdraw=given.pop("withdraw")
    )
    return approve(open_session(arguments.command_options(words, given)), how)
