"""scorefile verify"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from runner.cli import arguments, options
from runner.cli.reporting import reporting

if TYPE_CHECKING:
    from runner.report.verify import VerifyReport


@click.command("verify")
@options.file
@options.rehearse
@click.option(
    "--approved", is_flag=True, envvar="SCOREFILE_APPROVED", help="Exit with 9 when an output is not an approved take."
)
@reporting
def command(file: str | None, *, approved: bool, **given: Any) -> VerifyReport:
    """Compare outputs with the lock. Every file is compared by its hash."""
    from runner.commands.session import open_session
    from runner.commands.verify import verify

    return verify(open_session(arguments.file_options(file, given)), approved=approved)
