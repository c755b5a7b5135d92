"""Read model files, and build the catalogue that the other rooms ask."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from runner.catalog.problems import problem
from runner.catalog.providers import parse_provider
from runner.catalog.shape import check_shape
from runner.errors import InvalidFilesError
from runner.records.catalog import Model, Param, Price, Seed, Takes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from runner.records.provider import Provider
    from runner.records.source import Json, Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """Every model by its id (`pixazo/tracks`) and every provider by its name."""

    models: Mapping[str, Model]
    providers: Mapping[str, Provider]


def build_catalog(files: Mapping[str, Json], meta: Mapping[str, Json]) -> Catalog:
    """Read every file (`models/P/M.json`, `providers/P.json`); raise InvalidFilesError with all that is wrong with any.

    `meta` holds `model.schema.json` and `provider.schema.json`. Left empty, files are not held against them:
    that costs an import of jsonschema, and the shipped files are held against them by tests.
    """
    models: dict[str, Model] = {}
    providers: dict[str, Provider] = {}
    problems: list[Problem] = []
    for file, data in sorted(files.items()):
        try:
            match PurePosixPath(file).parts:
                case ("models", vendor, name) if name.endswith(".json"):
                    check_shape(data, meta, "model.schema.json", file)
                    model_id = f"{vendor}/{name.removesuffix('.json')}"
                    models[model_id] = parse_model(model_id, data, file)
                case ("providers", name) if name.endswith(".json"):
                    check_shape(data, meta, "provider.schema.json", file)
                    provider = parse_provider(data, file)
                    providers[provider.name] = provider
                    problems += _misnamed_provider(provider, name.removesuffix(".json"), file)
                case _:
                    problems.append(_unread(file))
        except InvalidFilesError as error:
            problems += error.problems
    read = {str(file) for file in files}
    problems += _orphans(models, providers, read)
    if problems:
        raise InvalidFilesError(tuple(problems))
    return Catalog(models=models, providers=providers)


def parse_model(model_id: str, data: Mapping[str, Json], file: str) -> Model:
    """Turn a model file into a Card; raise InvalidFilesError when its shape is wrong or x-scorefile contradicts the schema."""
    try:
        model = _model(model_id, data, file)
    except (KeyError, TypeError, AttributeError, ValueError, ArithmeticError) as error:
        wrong = problem("SF301", f"not the shape of a model file: {type(error).__name__} at {error}", file)
        raise InvalidFilesError((wrong,)) from error
    bad = tuple(_contradictions(model))
    if bad:
        raise InvalidFilesError(bad)
    return model


def _model(model_id: str, data: Mapping[str, Json], file: str) -> Model:
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
        format_param=block.get("format_param"),
        duration_param=block.get("duration_param"),
        typical_s=float(block.get("typical_s", 30)),
        notes=tuple(block.get("notes", ())),
        file=file,
        body_rules=dict(block.get("body_rules", {})),
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
    branches = [rules, *nested]

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


def _contradictions(model: Model) -> Iterator[Problem]:
    named = {
        "seed.param": model.seed and model.seed.param,
        "takes.param": model.takes.param,
        "format_param": model.format_param,
        "duration_param": model.duration_param,
    }
    for place, param in named.items():
        if param is not None and param not in model.params:
            message = f"x-scorefile.{place} is {param!r}, which is no parameter of {model.id}"
            yield problem("SF304", message, model.file, help=f"one of: {', '.join(model.params)}")
    for field in model.body:
        if field in model.params:
            message = f"{field!r} is fixed in x-scorefile.body and also a parameter of {model.id}"
            yield problem("SF307", message, model.file, help="keep one of the two")
    vendor = model.id.split("/")[0]
    if vendor != model.provider:
        message = f"stands in the folder {vendor!r} but names the provider {model.provider!r}"
        yield problem("SF303", message, model.file, help=f"move it to models/{model.provider}/")


def _misnamed_provider(provider: Provider, stem: str, file: str) -> Iterator[Problem]:
    if provider.name != stem:
        yield problem("SF303", f"is named {provider.name!r} inside", file, help=f"name the file {provider.name}.json")


def _unread(file: str) -> Problem:
    places = "models/PROVIDER/MODEL.json or providers/PROVIDER.json"
    return problem("SF303", "the catalogue reads no file in this place", file, help=f"put it at {places}")


def _orphans(models: Mapping[str, Model], providers: Mapping[str, Provider], files: set[str]) -> Iterator[Problem]:
    """Find models whose provider has no file; a provider file that is there but broken is reported once, by itself."""
    for model in models.values():
        if model.provider not in providers and f"providers/{model.provider}.json" not in files:
            message = f"names the provider {model.provider!r}, which has no file"
            yield problem("SF302", message, model.file, help=f"providers: {', '.join(sorted(providers)) or 'none'}")
