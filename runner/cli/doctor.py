"""scorefile doctor"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from runner.cli import arguments, options
from runner.cli.reporting import text_or_json

if TYPE_CHECKING:
    from runner.report.records import Report


@click.command("doctor")
@click.option(
    "--state",
    "state",
    is_flag=True,
    envvar="SCOREFILE_STATE",
    help="Check journal, lock and store of a pipeline instead.",
)
@options.file
@options.rehearse
@options.trust
@click.option("--offline", is_flag=True, envvar="SCOREFILE_OFFLINE", help="Do not try to reach the providers.")
@text_or_json
def command(file: str | None, *, offline: bool, state: bool, rehearse: bool, **given: Any) -> Report:
    """Check this machine: Python, packages, keys, providers, disk. Keys are never shown.

    Addresses and names of key variables are those of the pipeline, where there is one.
    """
    if state:
        from runner.commands.inspect import inspect_state
        from runner.commands.session import open_session

        return inspect_state(open_session(arguments.file_options(file, {"rehearse": rehearse})))
    from runner.commands.doctor import doctor

    return doctor(arguments.file_options(file, given), offline=offline)
