"""`schema`: the JSON Schema for editors."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from runner.catalog.editor_schema import editor_schema
from runner.commands.models import find_model
from runner.state.schemas import read_catalog, read_schema, schema_folders

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from runner.records.source import Json


def schema_text(folder: Path, model: str | None = None) -> str:
    """Return the schema of pipelines in `folder`, whose own schemas/ it includes, or of one model's parameters.

    Raises UsageError for an unknown model, InvalidFilesError for bad files in schemas/.
    """
    catalog = read_catalog(schema_folders(folder))
    if model is None:
        return _text(editor_schema(read_schema("pipeline.schema.json"), catalog))
    found = find_model(catalog, model)
    return _text({name: value for name, value in found.schema.items() if name != "x-scorefile"})


def _text(schema: Mapping[str, Json]) -> str:
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"
