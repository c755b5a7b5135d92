"""scorefile schema"""

from __future__ import annotations

import click

from runner.cli import complete


@click.command("schema")
@click.option(
    "--model",
    metavar="M",
    envvar="SCOREFILE_MODEL",
    help="Print the schema of one model's parameters.",
    shell_complete=complete.models,
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="json",
    help="Output format; both print the schema itself.",
)
def command(model: str | None, format_: str) -> None:
    """Print the JSON Schema for editors. It covers pipelines with every model, or one model's parameters."""
    del format_  # a schema is JSON already
    from pathlib import Path

    from runner.cli.show import print_data
    from runner.commands.schema import schema_text

    print_data(schema_text(Path.cwd(), model))
