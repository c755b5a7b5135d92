"""Read schemas/: the files of the catalog, and the JSON Schemas of our own formats."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from runner.errors import InvalidFilesError, ScorefileError
from runner.state.texts import decode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.catalog.models import Catalog
    from runner.diagnostics.json_document import JsonDocument
    from runner.records.source import Json

MAX_SCHEMA_BYTES = 1 << 20
_META = ("model.schema.json", "provider.schema.json")


def shipped_schemas() -> Path:
    """Return the shipped schemas/ folder, in a checkout or in an installed wheel."""
    here = Path(__file__).parents[1]
    for candidate in (here / "_schemas", here.parent / "schemas"):
        if (candidate / "pipeline.schema.json").is_file():
            return candidate
    raise ScorefileError("the schemas that ship with Scorefile are missing", help="install it again")


def schema_folders(folder: Path) -> tuple[Path, ...]:
    """Return the shipped schemas/ and the one beside the pipeline, if there is one; a later folder wins."""
    shipped, beside = shipped_schemas(), folder / "schemas"
    if beside.is_dir() and beside.resolve() != shipped.resolve():
        return (shipped, beside)
    return (shipped,)


@cache
def read_catalog(folders: tuple[Path, ...]) -> Catalog:
    """Return the catalog of these schemas/ folders, a later one over an earlier one.

    Raises InvalidFilesError with every problem of every file. The first folder is the shipped one, which the tests check, so
    it is not checked at each start.
    """
    from runner.catalog.models import build_catalog

    shipped, *others = folders
    own = {name: _json_document(path) for folder in others for name, path in _schema_files(folder).items()}
    meta = {name: read_schema(name) for name in _META} if own else {}
    return build_catalog({name: _shipped(path) for name, path in _schema_files(shipped).items()}, own, meta)


def _schema_files(folder: Path) -> dict[str, Path]:
    found = sorted([*folder.glob("providers/**/*.json"), *folder.glob("models/**/*.json")])
    return {path.relative_to(folder).as_posix(): path for path in found}


def read_schema(name: str) -> Mapping[str, Json]:
    """Return one of the schemas of our own formats."""
    data: Mapping[str, Json] = _shipped(shipped_schemas() / name)
    return data


def _shipped(path: Path) -> Json:
    return json.loads(path.read_bytes())


def _json_document(path: Path) -> JsonDocument:
    """Return a file of the project's own schemas/; its `problems` say what is wrong with it."""
    from runner.diagnostics.json_document import JsonDocument, parse_json

    shown = os.path.relpath(path)
    try:
        return parse_json(decode(path, shown, MAX_SCHEMA_BYTES), shown)
    except InvalidFilesError as error:
        problems = tuple(replace(problem, code="SF301") for problem in error.problems)
        return JsonDocument(file=shown, data=None, problems=problems)
