"""scorefile forget"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from runner.cli import arguments, complete, options
from runner.cli.reporting import text_or_json

if TYPE_CHECKING:
    from runner.report.forget import ForgetReport


@click.command("forget")
@click.argument("words", nargs=-1, metavar="[FILE] JOB...", shell_complete=complete.made_jobs)
@options.profile
@options.variables
@click.option("-y", "--yes", is_flag=True, help="Forget without asking.")
@text_or_json
def command(words: tuple[str, ...], *, yes: bool, **given: Any) -> ForgetReport:
    """Leave removed jobs out of the lock, and show what was paid. A job of the pipeline, or one that is not finished, is refused.

    No journal brings them back; a merge with a branch whose lock still has them does.
    """
    from runner.commands.forget import forget
    from runner.commands.session import open_session

    return forget(open_session(arguments.command_options(words, given)), lambda report: yes or _agrees(report))


def _agrees(report: ForgetReport) -> bool:
    """Ask the person at the terminal, where there is one; else show what would be forgotten."""
    from runner.cli.show import confirm, print_err, style_for

    print_err(report.listed(style_for(sys.stderr)))
    return sys.stdin.isatty() and sys.stderr.isatty() and confirm("Forget them?")
