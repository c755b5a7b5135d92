"""scorefile status"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from runner.cli import arguments, options
from runner.cli.show import print_out

if TYPE_CHECKING:
    from runner.commands.status import Stands
    from runner.records.submission import Submission


@click.command("status")
@options.file
@options.rehearse
@options.output_format
def command(file: str | None, *, rehearse: bool, format_: str) -> None:
    """Show lock, outputs and unfinished submissions side by side."""
    from runner.cli.show import count, print_json, print_table
    from runner.commands.status import status
    from runner.report.verify import stands_data

    ask = arguments.ask_file(file, rehearse=rehearse)
    project, rows = status(ask)
    if format_ == "json":
        print_json({"command": "status", "lock": project.lock.name, "jobs": [stands_data(row) for row in rows]})
        return
    if not rows:
        print_out("nothing made yet")
        return
    print_table(("JOB", "MODEL", "TAKE", "OUTPUT", "UNFINISHED"), (_row(row) for row in rows))
    drifted = sum(row.output in ("missing", "changed") for row in rows)
    unfinished = sum(len(row.unfinished) for row in rows)
    print_out(f"\n{count(len(rows), 'job')}, {drifted} drifted, {count(unfinished, 'unfinished submission')}")


def _row(row: Stands) -> tuple[str, ...]:
    entry = row.entry
    takes = f"{entry.take}/{len(entry.takes)}" if entry and entry.takes else ""
    output = f"{row.path} ({row.output})" if row.path else row.output
    several = len(row.unfinished) > 1
    waiting = ", ".join(f"{_attempt(item) * several}{_since(item)}" for item in row.unfinished)
    model = entry.model if entry else row.unfinished[0].model
    return (row.job, model, takes, output, waiting)


def _attempt(item: Submission) -> str:
    """Return what stands behind the job's name where one of several is named: JOB~ATTEMPT."""
    return f"~{item.short_attempt} "


def _since(item: Submission) -> str:
    return f"{item.phase} since {item.submitted_at or item.planned_at}"
