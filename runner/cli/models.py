"""scorefile models"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from runner.cli import complete, options

if TYPE_CHECKING:
    from runner.catalog.models import Catalog
    from runner.records.catalog import Model, Param, Price

REPRODUCES = {
    "exact": "the same seed brings the same bytes",
    "similar": "the same seed brings similar audio, not the same bytes",
    "no": "the seed does not bring the same audio back",
}


@click.command("models")
@click.argument("model", required=False, shell_complete=complete.models)
@options.output_format
def command(model: str | None, format_: str) -> None:
    """List the models; or one model's parameters, limits, price, and how reproducible it is."""
    from pathlib import Path

    from runner.cli.show import print_json, print_table
    from runner.state.schemas import read_catalog, schema_folders

    catalog = read_catalog(schema_folders(Path.cwd()))
    if model is not None:
        found = find_model(catalog, model)
        if format_ == "json":
            print_json({"model": _json(found)})
        else:
            _print(found)
        return
    listed = sorted(catalog.models.values(), key=lambda found: found.id)
    if format_ == "json":
        print_json({"models": [_json(found) for found in listed]})
        return
    print_table(("MODEL", "PRICE", "LENGTH", "TAKES", "SEED", "FORMAT"), (_row(found) for found in listed))


def find_model(catalog: Catalog, name: str) -> Model:
    """Return a model's card. Raises UsageError with the nearest name."""
    import difflib

    from runner.errors import UsageError

    if name in catalog.models:
        return catalog.models[name]
    close = difflib.get_close_matches(name, catalog.models, n=1)
    raise UsageError(
        f"there is no model {name}", help=f"did you mean {close[0]}?" if close else "scorefile models lists all"
    )


def _row(model: Model) -> tuple[str, ...]:
    takes = "1" if model.takes.maximum == 1 else f"1-{model.takes.maximum}"
    seed = {"exact": "exact", "similar": "similar", "no": "ignored"}[model.seed.reproduces] if model.seed else "none"
    formats = ", ".join(kind.removeprefix("audio/") for kind in model.media_types)
    return (model.id, price_text(model.price), _length(model), takes, seed, formats)


def _length(model: Model) -> str:
    if model.duration_param is None:
        return "its own"
    maximum = model.params[model.duration_param].maximum
    return f"up to {maximum:g} s" if maximum is not None else "as asked"


def price_text(price: Price) -> str:
    """Return a price as people read it: an unknown one is unknown, a free one free."""
    from runner.cli.show import usd

    if price.usd is None:
        return "unknown"
    if price.usd == 0:
        return "free"
    unit = {"request": "a request", "take": "a take", "minute": "a minute of each take"}[price.per]
    return f"{usd(price.usd)} {unit}"


def _print(model: Model) -> None:
    from runner.cli.show import print_table

    click.echo(f"{click.style(model.id, bold=True)}  {model.title}\n{model.schema.get('description', '')}\n")
    click.echo(f"price         {price_text(model.price)}  ({model.price.source}, {model.price.date})")
    click.echo(f"length        {_length(model)}")
    click.echo(f"reproducible  {REPRODUCES[model.seed.reproduces] if model.seed else 'no: it takes no seed'}")
    click.echo(f"format        {', '.join(model.media_types)}\n")
    print_table(
        ("PARAMETER", "TYPE", "DEFAULT", "ALLOWED", "WHAT"), (_param_row(item) for item in model.params.values())
    )
    for note in model.notes:
        click.echo(f"\nnote: {note}")


def _param_row(param: Param) -> tuple[str, ...]:
    from runner.cli.show import short

    default = "" if param.default is None else short(param.default, 20)
    name = param.name + (" *" if param.required else "")
    return (name, " or ".join(param.types), default, _allowed(param), param.description)


def _allowed(param: Param) -> str:
    if param.choices:
        return ", ".join(str(choice) for choice in param.choices)
    if param.minimum is not None or param.maximum is not None:
        low = "" if param.minimum is None else f"{param.minimum:g}"
        high = "" if param.maximum is None else f"{param.maximum:g}"
        return f"{low} to {high}" if low and high else f"from {low}" if low else f"up to {high}"
    if param.max_length is not None:
        return f"up to {param.max_length} characters"
    return f"up to {param.max_items} items" if param.max_items is not None else ""


def _json(model: Model) -> dict[str, object]:
    return {
        "id": model.id,
        "title": model.title,
        "provider": model.provider,
        "price": {
            "per": model.price.per,
            "usd": None if model.price.usd is None else str(model.price.usd),
            "source": model.price.source,
            "date": model.price.date,
        },
        "seed": None if model.seed is None else {"param": model.seed.param, "reproduces": model.seed.reproduces},
        "takes": model.takes.maximum,
        "media_types": list(model.media_types),
        "params": {
            item.name: {
                "type": list(item.types),
                "required": item.required,
                "default": item.default,
                "minimum": item.minimum,
                "maximum": item.maximum,
                "max_length": item.max_length,
                "choices": list(item.choices),
                "description": item.description,
            }
            for item in model.params.values()
        },
        "notes": list(model.notes),
    }
