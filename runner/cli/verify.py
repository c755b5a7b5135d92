"""scorefile verify"""

from __future__ import annotations

import click

from runner.cli import options


@click.command("verify")
@options.file
@options.rehearse
@options.output_format
def command(file: str | None, *, rehearse: bool, format_: str) -> int:
    """Hold every output against the lock, by hash."""
    from runner.cli.show import count, print_json
    from runner.cli.status import stands_json
    from runner.errors import DriftError
    from runner.standing import verify

    rows = verify(options.ask_from((file,) if file else (), profile=None, variables=(), rehearse=rehearse))
    drifted = [row for row in rows if row.output != "same"]
    if format_ == "json":
        print_json({"same": not drifted, "jobs": [stands_json(row) for row in rows]})
        return DriftError.exit_code if drifted else 0
    for row in drifted:
        click.echo(f"{row.job}: {row.path or 'its output'} is {row.output}")
    if drifted:
        click.echo(f"{count(len(drifted), 'output')} of {len(rows)} drifted; scorefile run restores them", err=True)
        return DriftError.exit_code
    click.echo(f"{count(len(rows), 'output')} as the lock says")
    return 0
