"""The filters and tests of templates: Jinja's own, within limits, without those that are not a function of their input."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from jinja2.filters import FILTERS, make_attrgetter
from jinja2.tests import TESTS
from jinja2.utils import pformat

from runner.pipeline.templates.values import (
    MAX_ITEMS,
    RefusedError,
    as_list,
    as_text,
    bounded,
    computed,
    concatenate,
    is_number,
    kind,
    refuse_longer,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from jinja2 import Environment

MAX_DECIMALS: Final = 15
MAX_DIGITS: Final = 30
MAX_WIDTH: Final = 1000
SPECIFIER: Final = re.compile(r"%(?:\([^()]*\))?[-#0 +]*(\*|\d*)(?:\.(\*|\d*))?")
NO_DEFAULT: Final = object()

REFUSED_FILTERS: Final[Mapping[str, str]] = {
    "attr": "it reads attributes of Python objects",
    "random": "it gives another result each time",
}
REFUSED_TESTS: Final[Mapping[str, str]] = {"callable": "no value of a template can be called"}
OF_TEXTS: Final = frozenset(
    {"capitalize", "lower", "striptags", "title", "trim", "truncate", "upper", "urlize", "wordcount"}
    | {"e", "escape", "forceescape"}
)
"""Jinja's filters that take one text."""
OF_LISTS: Final = frozenset(
    {"dictsort", "first", "groupby", "items", "last", "length", "count", "map", "max", "min", "reject", "rejectattr"}
    | {"reverse", "select", "selectattr", "sort", "unique"}
)
"""Jinja's filters that take a list, a mapping or a text as it is."""
OF_ANY: Final = frozenset({"abs", "default", "d", "filesizeformat"})
"""Jinja's filters that take a single value as it is."""
ALLOWED_TESTS: Final = frozenset(TESTS) - frozenset(REFUSED_TESTS)


def join(environment: Environment, value: Any, separator: Any = "", attribute: Any = None) -> str:
    """Join items, or an attribute of each, as text."""
    items = as_list(value)
    chosen = items if attribute is None else map(make_attrgetter(environment, attribute), items)
    return concatenate(chosen, as_text(separator))


def replace(value: Any, old: Any, new: Any, count: Any = None) -> str:
    """Replace every `old`, or the first `count`."""
    text, old, new = as_text(value), as_text(old), as_text(new)
    refuse_longer(len(text) + text.count(old) * len(new))
    return text.replace(old, new, -1 if count is None else count)


def round_number(value: Any, precision: Any = 0, method: Any = "common") -> float:
    """Round half to even, up (`ceil`) or down (`floor`), to up to 15 decimals; a whole number without decimals."""
    if not is_number(value) or not isinstance(precision, int) or abs(precision) > MAX_DECIMALS:
        raise RefusedError("SF218", f"round takes a number and up to {MAX_DECIMALS} decimals")
    if method not in ("common", "ceil", "floor"):
        raise RefusedError("SF218", "round takes common, ceil or floor as its method")
    rounded: float
    if method == "common":
        rounded = round(value, precision) if precision else round(value)
    else:
        cut = math.ceil if method == "ceil" else math.floor
        rounded = cut(value * 10**precision) / 10**precision if precision else cut(value)
    return rounded


def whole(value: Any, default: Any = NO_DEFAULT, base: Any = 10) -> Any:
    """Cut a number, or a text that is a number, to a whole one; `default` stands in for any other text."""
    if isinstance(value, int):
        return int(value)
    if isinstance(value, str) and base != 10:
        return _number(lambda text: int(text, base), value, default, "int")
    return _number(lambda number: int(bounded(float(number))), value, default, "int")


def real(value: Any, default: Any = NO_DEFAULT) -> Any:
    """Return a number, or a text that is a number, as a number; `default` stands in for any other text."""
    return _number(lambda number: bounded(float(number)), value, default, "float")


def _number(read: Callable[[Any], float], value: Any, default: Any, name: str) -> Any:
    if not isinstance(value, str) and not is_number(value) and not isinstance(value, bool):
        raise RefusedError("SF218", f"{name} takes a number, not {kind(value)}")
    try:
        if isinstance(value, str) and len(value) > MAX_DIGITS:
            raise ValueError
        return read(value)
    except ValueError:
        if default is NO_DEFAULT:
            raise RefusedError("SF218", f"{name} takes a number; a default is given as {name}(0)") from None
        return default


def total(environment: Environment, value: Any, attribute: Any = None, start: Any = 0) -> float:
    """Add numbers up."""
    items = as_list(value)
    found = [start, *(items if attribute is None else map(make_attrgetter(environment, attribute), items))]
    strange = next((item for item in found if not is_number(item)), None)
    if strange is not None:
        raise RefusedError("SF218", f"sum takes numbers, not {kind(strange)}")
    return bounded(sum(found))


def center(value: Any, width: Any = 80) -> str:
    """Put a text in the middle of `width` characters."""
    return as_text(value).center(_width(width))


def indent(value: Any, width: Any = 4, first: Any = False, blank: Any = False) -> str:
    """Indent the lines of a text by a number of blanks, or by a text."""
    text, by = as_text(value), width if isinstance(width, str) else " " * _width(width)
    refuse_longer(len(text) + len(by) * (len(text.splitlines()) + 1))
    return str(FILTERS["indent"](text, by, first, blank))


def wordwrap(
    environment: Environment,
    value: Any,
    width: Any = 79,
    break_long_words: Any = True,
    wrapstring: Any = "\n",
    break_on_hyphens: Any = True,
) -> str:
    """Wrap a text at `width` characters."""
    wrapped = FILTERS["wordwrap"](environment, as_text(value), _width(width), break_long_words, "\n", break_on_hyphens)
    return concatenate(wrapped.split("\n"), as_text(wrapstring))


def format_text(value: Any, *args: Any, **names: Any) -> str:
    """Fill values into a text with %s, %d and the like; a width or precision has up to three digits."""
    text = as_text(value)
    for found in SPECIFIER.finditer(text):
        if any(part and (part == "*" or len(part) > 3) for part in found.groups()):
            raise RefusedError("SF219", "format takes widths up to 999")
    given = [item if is_number(item) else as_text(item) for item in args]
    named = {name: item if is_number(item) else as_text(item) for name, item in names.items()}
    if given and named:
        raise RefusedError("SF218", "format takes values in order, or by name")
    return text % (named or tuple(given))


def batch(value: Any, size: Any, fill_with: Any = None) -> list[Any]:
    """Cut a list into lists of `size` items."""
    return list(FILTERS["batch"](as_list(value), _width(size, MAX_ITEMS), fill_with))


def slices(value: Any, count: Any, fill_with: Any = None) -> list[Any]:
    """Cut a list into `count` lists."""
    items, parts = as_list(value), _width(count, MAX_ITEMS)
    size, longer = divmod(len(items), parts)
    found = []
    for part in range(parts):
        start = part * size + min(part, longer)
        piece = items[start : start + size + (part < longer)]
        found.append([*piece, fill_with] if fill_with is not None and part >= longer else piece)
    return found


def to_json(value: Any, indent: Any = None) -> str:
    """Write a value as JSON, its keys sorted."""
    width = None if indent is None else _width(indent, 8)
    return json.dumps(computed(value), ensure_ascii=False, sort_keys=True, indent=width)


def urlencode(value: Any) -> str:
    """Quote a text for an address, or a mapping as its query."""
    return str(FILTERS["urlencode"](computed(value)))


def xmlattr(value: Any, autospace: Any = True) -> str:
    """Write a mapping as attributes of an XML element."""
    if not isinstance(value, Mapping):
        raise RefusedError("SF218", f"xmlattr takes a mapping, not {kind(value)}")
    escape = FILTERS["forceescape"]
    pairs = [(escape(as_text(key)), escape(as_text(inner))) for key, inner in value.items() if inner is not None]
    text = " ".join(f'{key}="{inner}"' for key, inner in pairs)
    return f" {text}" if autospace and text else text


def bounded_range(*bounds: Any) -> list[int]:
    """Count like Python's range, up to 10,000 numbers."""
    if not all(isinstance(bound, int) and not isinstance(bound, bool) for bound in bounds):
        raise RefusedError("SF218", "range takes whole numbers")
    numbers = range(*bounds)
    if len(numbers) > MAX_ITEMS:
        raise RefusedError("SF219", f"range gives more than {MAX_ITEMS:,} numbers")
    return list(numbers)


def _width(value: Any, most: int = MAX_WIDTH) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise RefusedError("SF219", f"a width or count here is a whole number up to {most:,}")
    return value


OWN: Final[Mapping[str, Callable[..., Any]]] = {
    "batch": batch,
    "center": center,
    "float": real,
    "format": format_text,
    "indent": indent,
    "int": whole,
    "list": as_list,
    "pprint": lambda value: pformat(computed(value)),
    "replace": replace,
    "round": round_number,
    "safe": as_text,
    "slice": slices,
    "string": as_text,
    "tojson": to_json,
    "urlencode": urlencode,
    "xmlattr": xmlattr,
}
"""Filters that are ours: Jinja's could grow without a limit, or depend on Python's own words."""
OWN_WITH_ENVIRONMENT: Final[Mapping[str, Callable[..., Any]]] = {"join": join, "sum": total, "wordwrap": wordwrap}


def names() -> Iterable[str]:
    """List every filter that a template may use."""
    return sorted(OF_TEXTS | OF_LISTS | OF_ANY | OWN.keys() | OWN_WITH_ENVIRONMENT.keys())
