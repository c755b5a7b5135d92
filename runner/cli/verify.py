"""scorefile verify"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from runner.cli import arguments, options
from runner.cli.reporting import reporting

if TYPE_CHECKING:
    from runner.report.verify import VerifyReport


@click.command("verify")
@options.file
@options.rehearse
@reporting
def command(file: str | None, *, rehearse: bool) -> VerifyReport:
    """Hold every output against the lock, by hash."""
    from pathlib import Path

    from runner.commands.status import verify
    from runner.errors import DriftError
    from runner.report.verify import VerifyReport, places_in
    from runner.state.project import find_project

    ask = arguments.ask_file(file, rehearse=rehearse)
    rows = verify(ask)
    project = find_project(ask.file, rehearsal=ask.rehearse, env=ask.env)
    shown = str(Path(project.shown).with_suffix(".lock")) if not rehearse else str(project.lock)
    drifted = any(row.output != "same" for row in rows)
    return VerifyReport(
        name=project.name,
        rows=rows,
        files=(project.shown,),
        exit_code=DriftError.exit_code if drifted else 0,
        places=places_in(project.lock.read_text(encoding="utf-8"), shown),
    )
