"""Read model files, and build the catalog from all files."""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from runner.catalog.consistency import (
    misplaced,
    model_contradictions,
    provider_contradictions,
    wrong_provider,
)
from runner.catalog.providers import parse_provider
from runner.catalog.schema_checks import model_problems, provider_problems
from runner.diagnostics.json_document import JsonDocument
from runner.diagnostics.order import by_place
from runner.errors import InvalidFilesError
from runner.frozen import dataclass, replace
from runner.records.catalog import LengthUnit, Model, Param, Price, Seed, Takes
from runner.records.provider import ProjectFile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.records.provider import Provider
    from runner.records.source import Json, Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """Every model by its id (`pixazo/tracks`) and every provider by its name."""

    models: Mapping[str, Model]
    providers: Mapping[str, Provider]


def build_catalog(shipped: Mapping[str, Json], own: Mapping[str, JsonDocument], meta: Mapping[str, Json]) -> Catalog:
    """Read every file (`models/P/M.json`, `providers/P.json`); raise InvalidFilesError with all that is wrong with any.

    A file of the project's `own` replaces a shipped one, and is checked against `meta`, which has `model.schema.json` and
    `provider.schema.json`. Tests check the shipped files: that saves imports of jsonschema and jmespath.
    """
    documents = {file: JsonDocument(file=f"schemas/{file}", data=data) for file, data in shipped.items()} | dict(own)
    models: dict[str, Model] = {}
    providers: dict[str, Provider] = {}
    problems: list[Problem] = []
    for file, document in sorted(documents.items()):
        wrong = _own_problems(file, document, meta) if file in own else ()
        problems += wrong
        if wrong:
            continue
        match PurePosixPath(file).parts:
            case ("models", folder, name):
                model = parse_model(f"{folder}/{name.removesuffix('.json')}", document.data, document.file)
                models[model.id] = model
                problems += model_contradictions(model, document) if file in own else ()
            case _:
                is_shipped = file in shipped and shipped[file] == document.data
                provider = parse_provider(document.data, None if is_shipped else _project_file(document))
                providers[provider.name] = provider
                problems += provider_contradictions(provider, document, file) if file in own else ()
    for model in models.values():
        has_file = model.provider in providers or f"providers/{model.provider}.json" in documents
        wrong_place = wrong_provider(model, documents[f"models/{model.id}.json"], providers, has_file=has_file)
        problems += [wrong_place] if wrong_place else []
    if problems:
        raise InvalidFilesError(by_place(problems))
    trusted = {
        name: _with_shipped_price(model, providers[model.provider], shipped=shipped, own=own)
        for name, model in models.items()
    }
    return Catalog(models=trusted, providers=providers)


def _project_file(document: JsonDocument) -> ProjectFile:
    text = json.dumps(document.data, sort_keys=True, separators=(",", ":"))
    return ProjectFile(shown=document.file, sha256=hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest())


def _with_shipped_price(
    model: Model, provider: Provider, *, shipped: Mapping[str, Json], own: Mapping[str, JsonDocument]
) -> Model:
    """Return a model with what is known of its price whatever the project's own files say."""
    file = f"models/{model.id}.json"
    price = _price(shipped[file]["x-scorefile"]["price"]) if file in shipped else Price()
    as_shipped = file not in own and f"providers/{provider.name}.json" not in own
    local = provider.mode.is_local
    return replace(model, shipped_price=price, runs_here=local, is_free=local or (as_shipped and price.usd == 0))


def _own_problems(file: str, document: JsonDocument, meta: Mapping[str, Json]) -> tuple[Problem, ...]:
    """Return why a file of the project cannot be read as a model or a provider."""
    if document.problems:
        return document.problems
    match PurePosixPath(file).parts:
        case ("models", _, name) if name.endswith(".json"):
            return model_problems(document, meta["model.schema.json"])
        case ("providers", name) if name.endswith(".json"):
            return provider_problems(document, meta["provider.schema.json"])
        case _:
            return (misplaced(document),)


def parse_model(model_id: str, data: Mapping[str, Json], file: str) -> Model:
    """Turn a model file, whose shape has been checked, into a Model."""
    block, required = data["x-scorefile"], data.get("required", ())
    seed = block.get("seed")
    return Model(
        id=model_id,
        provider=block["provider"],
        title=data["title"],
        path=block["path"],
        body=dict(block.get("body", {})),
        schema=data,
        params={name: _param(name, rules, required) for name, rules in data["properties"].items()},
        price=_price(block["price"]),
        seed=Seed(**seed) if seed else None,
        takes=Takes(**block.get("takes", {})),
        media_types=tuple(block["media_types"]),
        inputs_param=block.get("inputs_param"),
        format_param=block.get("format_param"),
        duration_param=block.get("duration_param"),
        duration_unit=LengthUnit(block["duration_unit"]) if block.get("duration_unit") else None,
        channels=block.get("channels"),
        typical_s=float(block.get("typical_s", 30)),
        notes=tuple(block.get("notes", ())),
        file=file,
    )


def _price(data: Mapping[str, Json]) -> Price:
    usd = data["usd"]
    return Price(
        per=data.get("per", "request"),
        usd=None if usd is None else Decimal(usd),
        typical_minutes=data.get("typical_minutes"),
        max_minutes=data.get("max_minutes"),
        source=data["source"],
        date=data["date"],
    )


def _param(name: str, rules: Mapping[str, Json], required: tuple[str, ...]) -> Param:
    """Flatten a parameter's schema, and what is nested in allOf, anyOf and oneOf, into one row for people."""
    nested = [branch for word in ("allOf", "anyOf", "oneOf") for branch in rules.get(word, ())]
    branches = [rules, *(branch for branch in nested if isinstance(branch, dict))]

    def first(word: str) -> Json:
        return next((branch[word] for branch in branches if word in branch), None)

    kinds = [branch.get("type", ()) for branch in branches]
    types = [kind for entry in kinds for kind in ([entry] if isinstance(entry, str) else entry)]
    choices = [choice for branch in branches for choice in branch.get("enum", ())]
    return Param(
        name=name,
        types=tuple(dict.fromkeys(types)),
        required=name in required,
        default=first("default"),
        minimum=first("minimum"),
        maximum=first("maximum"),
        max_length=first("maxLength"),
        max_items=first("maxItems"),
        choices=tuple(choices),
        description=rules.get("description", ""),
    )
