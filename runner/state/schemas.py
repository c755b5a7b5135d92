"""Read schemas/: the files of the catalog, and the JSON Schemas of our own formats."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from runner.errors import InvalidFilesError, ScorefileError
from runner.frozen import replace
from runner.records.source import Mark, Problem
from runner.state.files.processes import cpu_limit
from runner.state.texts import decode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.catalog.models import Catalog
    from runner.diagnostics.json_document import JsonDocument
    from runner.records.source import Json

MAX_SCHEMA_BYTES = 1 << 20
CHECKING_S = 2.0
"""How long the checks of a project's own schemas/ may take, in seconds of processor time."""
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
    own = {name: document for folder in others for name, document in _own_documents(folder).items()}
    meta = {name: read_schema(name) for name in _META} if own else {}
    files = {name: _shipped(path) for name, path in _schema_files(shipped).items()}
    try:
        with cpu_limit(CHECKING_S):
            return build_catalog(files, own, meta)
    except TimeoutError as error:
        message = f"the files in schemas/ take more than {CHECKING_S:g} s of processor time to be checked"
        help_ = "simplify the patterns of parameters that have a default: (a+)+ may take for ever"
        mark = Mark(file=os.path.relpath(others[0]), line=1, column=1)
        raise InvalidFilesError((Problem(code="SF301", message=message, mark=mark, help=help_),)) from error


def _own_documents(folder: Path) -> dict[str, JsonDocument]:
    """Read the files of a project's own schemas/, none of which may lie outside of the pipeline's folder."""
    project = folder.parent.resolve()
    for place in (folder, folder / "models", folder / "providers"):
        if not place.resolve().is_relative_to(project):
            return {place.name: _outside(place)}
    found = _schema_files(folder)
    inside = {name: path.resolve().is_relative_to(project) for name, path in found.items()}
    return {name: _json_document(path) if inside[name] else _outside(path) for name, path in found.items()}


def _outside(path: Path) -> JsonDocument:
    from runner.diagnostics.json_document import JsonDocument

    shown = os.path.relpath(path)
    problem = Problem(
        code="SF301",
        message=f"{shown} is a link out of the pipeline's folder",
        mark=Mark(file=shown, line=1, column=1),
        help="put the file itself there",
    )
    return JsonDocument(file=shown, data=None, problems=(problem,))


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
