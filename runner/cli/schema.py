"""scorefile schema"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from runner.cli import complete

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from runner.records.source import Json


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

    from runner.cli.models import find_model
    from runner.cli.show import print_data
    from runner.state.schemas import read_catalog, schema_folders

    if model is None:
        print_data(schema_text(Path.cwd()))
        return
    found = find_model(read_catalog(schema_folders(Path.cwd())), model)
    print_data(_text({name: value for name, value in found.schema.items() if name != "x-scorefile"}))


def schema_text(folder: Path) -> str:
    """Return the schema of pipelines in `folder`, whose own schemas/ it holds as well. Raises InvalidFilesError for bad ones."""
    from runner.catalog.editor_schema import editor_schema
    from runner.state.schemas import read_catalog, read_schema, schema_folders

    return _text(editor_schema(read_schema("pipeline.schema.json"), read_catalog(schema_folders(folder))))


def _text(schema: Mapping[str, Json]) -> str:
    import json

    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"
