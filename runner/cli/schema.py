"""scorefile schema"""

from __future__ import annotations

import json

import click


@click.command("schema")
@click.option("--model", metavar="M", help="The schema of one model's parameters.")
def command(model: str | None) -> None:
    """Print the JSON Schema for editors: of pipelines, or of one model's parameters."""
    from pathlib import Path

    from runner.cli.models import find_card
    from runner.sources import read_catalog, read_schema, schema_folders

    if model is None:
        schema = read_schema("pipeline.schema.json")
    else:
        card = find_card(read_catalog(schema_folders(Path.cwd())), model)
        schema = {name: value for name, value in card.schema.items() if name != "x-scorefile"}
    click.echo(json.dumps(schema, indent=2, ensure_ascii=False))
