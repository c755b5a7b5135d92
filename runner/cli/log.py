"""scorefile log"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from runner.cli import arguments, options
from runner.cli.show import print_out

if TYPE_CHECKING:
    from runner.records.submission import Event


@click.command("log")
@options.words
@options.rehearse
@options.output_format
def command(words: tuple[str, ...], *, rehearse: bool, format_: str) -> None:
    """List the journal: when each job was submitted, answered, fetched and placed."""
    from runner.cli.show import print_json, print_table
    from runner.commands.receipts import log

    rows = log(arguments.ask_from(words, profile=None, variables=(), rehearse=rehearse))
    if format_ == "json":
        print_json({"events": [_json(row) for row in rows]})
    elif not rows:
        print_out("the journal is empty")
    else:
        print_table(("TIME", "JOB", "ATTEMPT", "PHASE", "DETAIL"), (_row(row) for row in rows))


def _row(row: Event) -> tuple[str, ...]:
    data = row.data
    detail = data.get("message") or data.get("request_id") or data.get("path") or data.get("model") or ""
    return (row.at, row.job, row.attempt[:6], row.phase.value, str(detail))


def _json(row: Event) -> dict[str, object]:
    kept = {name: value for name, value in row.data.items() if name != "reply"}
    return {"at": row.at, "job": row.job, "attempt": row.attempt, "phase": row.phase.value, "data": kept}
