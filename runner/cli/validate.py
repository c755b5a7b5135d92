"""scorefile validate"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from runner.cli import arguments, complete, options
from runner.cli.reporting import reporting

if TYPE_CHECKING:
    from runner.report.validate import ValidateReport


@click.command("validate")
@click.argument("files", nargs=-1, metavar="[FILE...]", shell_complete=complete.files)
@options.profile
@options.variables
@options.strict
@options.trust
@reporting
def command(files: tuple[str, ...], **given: Any) -> ValidateReport:
    """Check pipelines and list every problem. Each is shown with file, line and column."""
    from runner.commands.validate import validate

    return validate(files, arguments.file_options(None, given))
