"""scorefile status"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from runner.cli import arguments, options
from runner.cli.reporting import text_or_json

if TYPE_CHECKING:
    from runner.report.status import StatusReport


@click.command("status")
@options.file
@options.rehearse
@options.wide
@text_or_json
def command(file: str | None, **given: Any) -> StatusReport:
    """Show every job with its take, output and open submissions."""
    from runner.commands.session import open_session
    from runner.commands.status import status

    return status(open_session(arguments.file_options(file, given)))
