"""scorefile rate"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from runner.cli import arguments, options
from runner.cli.reporting import text_or_json

if TYPE_CHECKING:
    from runner.report.records import Report


@click.command("rate")
@options.words
@options.rehearse
@options.by
@click.option("--stars", type=click.IntRange(min=1, max=5), metavar="N", help="Give 1 to 5 stars.")
@click.option("--note", metavar="TEXT", help="Say what you hear; '' takes an earlier note back.")
@click.option("--take", type=click.IntRange(min=1), metavar="N", help="Rate take N, whichever is chosen.")
@click.option("--withdraw", is_flag=True, help="Withdraw your own rating.")
@text_or_json
def command(words: tuple[str, ...], **given: Any) -> Report:
    """Rate the chosen take of jobs, in stars or with a note. The lock keeps it by the take's hash, one of each person."""
    from runner.commands.options import RateOptions
    from runner.commands.rate import rate
    from runner.commands.session import open_session

    how = RateOptions(**{name: given.pop(name) for name in ("by", "stars", "note", "take", "withdraw")})
    return rate(open_session(arguments.command_options(words, given)), how)
