"""The catalog for people and as data: every model in a table, or one with its parameters, limits and price."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from runner.frozen import dataclass
from runner.report.numbers import short, usd
from runner.report.style import clean, paint
from runner.report.table import GAP, aligned, table
from runner.report.width import columns, pad, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.records.catalog import Model, Param, Price
    from runner.records.source import Json
    from runner.report.records import Style

LEAST_TEXT = 24
"""What a parameter means gets as many columns of a terminal at least."""
REPRODUCES = {
    "exact": "the same seed brings the same bytes",
    "similar": "the same seed brings similar audio, not the same bytes",
    "no": "the seed does not bring the same audio back",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelsReport:
    """Every model of the catalog."""

    models: tuple[Model, ...]
    verb: str = "models"
    exit_code: int = 0

    def data(self) -> dict[str, Json]:
        """Return every model, as data."""
        return {"models": [_json(model) for model in self.models]}

    def text(self, style: Style) -> str:
        """Return a table with one line per model."""
        head = ("MODEL", "PRICE", "LENGTH", "TAKES", "SEED", "FORMAT")
        return "\n".join(table(head, map(_row, self.models), style))

    def messages(self, style: Style) -> str:  # noqa: ARG002 - the signature of every report
        """Return nothing: the table says it all."""
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelReport:
    """One model with everything a pipeline may set."""

    model: Model
    verb: str = "models"
    exit_code: int = 0

    def data(self) -> dict[str, Json]:
        """Return the model, as data."""
        return {"model": _json(self.model)}

    def text(self, style: Style) -> str:
        """Return its price, length, reproducibility, format, parameters and notes."""
        model, price = self.model, self.model.price
        lines = [
            f"{paint(clean(model.id), 'strong', on=style.color)}  {clean(model.title)}",
            wrapped(clean(str(model.schema.get("description", ""))), style.width),
            "",
            f"price         {price_text(price)}  ({clean(price.source)}, {price.date})",
            f"length        {_length(model)}",
            f"reproducible  {REPRODUCES[model.seed.reproduces] if model.seed else 'no: it takes no seed'}",
            f"format        {', '.join(model.media_types)}",
            "",
            *_param_lines(model, style),
            *("\n" + wrapped(f"note: {clean(note)}", style.width) for note in model.notes),
        ]
        return "\n".join(lines)

    def messages(self, style: Style) -> str:  # noqa: ARG002 - the signature of every report
        """Return nothing: the page says it all."""
        return ""


def _row(model: Model) -> tuple[str, ...]:
    takes = "1" if model.takes.maximum == 1 else f"1-{model.takes.maximum}"
    seed = {"exact": "exact", "similar": "similar", "no": "ignored"}[model.seed.reproduces] if model.seed else "none"
    formats = ", ".join(kind.removeprefix("audio/") for kind in model.media_types)
    return (model.id, price_text(model.price), _length(model), takes, seed, formats)


def _length(model: Model) -> str:
    if model.duration_param is None:
        return "model decides"
    return "as asked" if model.longest_s is None else f"up to {model.longest_s:g} s"


def price_text(price: Price) -> str:
    """Return a price as people read it: an unknown one is unknown, a free one free."""
    if price.usd is None:
        return "unknown"
    if price.usd == 0:
        return "free"
    unit = {"request": "a request", "take": "a take", "minute": "a minute of each take"}[price.per]
    return f"{usd(price.usd)} {unit}"


def _param_lines(model: Model, style: Style) -> Iterator[str]:
    """Yield a table of the parameters; what a terminal has no room for goes on below, between words."""
    rows = [_param_row(param) for param in model.params.values()]
    lines = aligned([("PARAMETER", "TYPE", "DEFAULT", "ALLOWED"), *rows], style, taken=GAP + LEAST_TEXT)
    begin = max(map(columns, lines)) + GAP
    room = None if style.width is None or style.wide else max(LEAST_TEXT, style.width - begin)
    yield paint(pad(lines[0], begin) + "WHAT", "strong", on=style.color)
    for line, param in zip(lines[1:], model.params.values(), strict=True):
        text = clean(param.description)
        first, *more = textwrap.wrap(text, room) if room and text else [text]
        yield f"{pad(line, begin)}{first}".rstrip()
        yield from (" " * begin + rest for rest in more)


def _param_row(param: Param) -> tuple[str, ...]:
    default = "" if param.default is None else short(param.default, 20)
    name = param.name + (" *" if param.required else "")
    return (name, " or ".join(param.types), default, _allowed(param))


def _allowed(param: Param) -> str:
    if param.choices:
        return ", ".join(str(choice) for choice in param.choices)
    if param.minimum is not None or param.maximum is not None:
        low = "" if param.minimum is None else short(param.minimum, 20)
        high = "" if param.maximum is None else short(param.maximum, 20)
        return f"{low} to {high}" if low and high else f"from {low}" if low else f"up to {high}"
    if param.max_length is not None:
        return f"up to {param.max_length} characters"
    return f"up to {param.max_items} items" if param.max_items is not None else ""


def _json(model: Model) -> dict[str, Json]:
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
