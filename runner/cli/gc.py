"""scorefile gc"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from runner.cli import arguments, options
from runner.cli.reporting import text_or_json

if TYPE_CHECKING:
    from runner.report.gc import GcReport


@click.command("gc")
@options.file
@click.option("-y", "--yes", is_flag=True, help="Delete what is listed.")
@click.option("--paid", is_flag=True, help="Delete what may have been paid for and no lock names, too.")
@click.option(
    "-v",
    "--verbose",
    count=True,
    envvar="SCOREFILE_VERBOSE",
    help="Print for which lock or submission the rest is kept.",
)
@text_or_json
def command(file: str | None, *, yes: bool, paid: bool, **given: Any) -> GcReport:
    """Delete stored files that nothing names. Needed is what a lock on any git ref, a pick or an open submission names.

    Without --yes the files are only listed. A lock that cannot be read stops it: then nothing is deleted.
    """
    from runner.commands.gc import gc
    from runner.commands.session import open_session

    return gc(open_session(arguments.file_options(file, given)), yes=yes, paid=paid)
