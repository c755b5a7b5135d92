"""A Jinja environment that reaches no Python: mappings, lists, texts and numbers, a few filters, bounded sizes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from jinja2 import StrictUndefined, UndefinedError
from jinja2.filters import FILTERS
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.tests import TESTS
from jinja2.utils import missing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jinja2.runtime import Context

    from runner.records import Json

MAX_CHARACTERS: Final = 100_000
MAX_ITEMS: Final = 10_000
MAX_PRECISION: Final = 15
MAX_NUMBER: Final = 2**64
MAX_DEPTH: Final = 64

LOOP_ATTRIBUTES: Final = frozenset({"index", "index0", "revindex", "revindex0", "first", "last", "length"})
ALLOWED_TESTS: Final = [
    "defined",
    "undefined",
    "none",
    "number",
    "integer",
    "float",
    "string",
    "boolean",
    "true",
    "false",
    "mapping",
    "sequence",
    "odd",
    "even",
    "divisibleby",
    "in",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "lower",
    "upper",
    "sameas",
]
PLAIN_FILTERS: Final = ["upper", "lower", "title", "capitalize", "trim", "default", "float", "abs", "length"]
PLAIN_FILTERS_OF_LISTS: Final = ["first", "last", "min", "max", "truncate", "wordcount"]
COUNTED: Final = "items in a loop"  # no template can name a filter with blanks
CONCATENATED: Final = "texts in a row"


class RefusedError(Exception):
    """A template went past what templates may do; `code` says in which way."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class MissingNameError(UndefinedError):
    """A name or key that is not there was used; `owner` is what it was looked up in, None for a plain name."""

    def __init__(self, message: str | None, name: str | None, owner: object) -> None:
        super().__init__(message)
        self.name = name
        self.owner = owner


class Missing(StrictUndefined):
    """An undefined value that says, when used, what was looked up where."""

    __slots__ = ()

    def __init__(self, hint: str | None = None, obj: Any = missing, name: str | None = None, exc: Any = None) -> None:
        del exc
        owner = None if obj is missing else obj
        super().__init__(hint, obj, name, partial(MissingNameError, name=name, owner=owner))  # type: ignore[arg-type]


class Sandbox(ImmutableSandboxedEnvironment):
    """The one environment all templates are compiled in. `budget` counts down while one template renders."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})

    def __init__(self) -> None:
        super().__init__(
            undefined=Missing, keep_trailing_newline=True, finalize=as_text, autoescape=False, optimized=False
        )
        self.globals.clear()
        self.budget = MAX_ITEMS
        self.filters = {name: FILTERS[name] for name in PLAIN_FILTERS + PLAIN_FILTERS_OF_LISTS}
        self.filters |= {
            "d": FILTERS["default"],
            "count": FILTERS["length"],
            "replace": replace,
            "join": join,
            "round": round_number,
            "int": whole,
            "string": as_text,
            "list": as_list,
            "sort": sort,
            "unique": unique,
            COUNTED: self.counted,
            CONCATENATED: join,
        }
        self.tests = {name: TESTS[name] for name in ALLOWED_TESTS}

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Look a key up in a mapping; no attribute of a Python object is ever read."""
        if isinstance(obj, Mapping):
            try:
                return obj[attribute]
            except KeyError:
                return Missing(obj=obj, name=attribute)
        if isinstance(obj, LoopContext) and attribute in LOOP_ATTRIBUTES:
            return getattr(obj, attribute)
        return _nothing(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Look up a key or an index, and nothing else."""
        if isinstance(obj, Mapping | list | tuple | str):
            try:
                return obj[argument]
            except (LookupError, TypeError):
                return Missing(obj=obj, name=str(argument))
        return _nothing(obj, str(argument))

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Compute with numbers; `+` also joins two texts or two lists."""
        for value in (left, right):
            if isinstance(value, Missing):
                str(value)  # raises with the name
        if _is_number(left) and _is_number(right):
            return _bounded(super().call_binop(context, operator, left, right))
        if operator == "+" and type(left) is type(right) and isinstance(left, str | list):
            limit = MAX_CHARACTERS if isinstance(left, str) else MAX_ITEMS
            if len(left) + len(right) > limit:
                raise RefusedError("SF219", f"more than {limit:,} {'characters' if isinstance(left, str) else 'items'}")
            return left + right
        raise RefusedError("SF218", f"{operator} takes numbers, not {_kind(left)} and {_kind(right)}")

    def counted(self, items: Iterable[Any]) -> list[Any]:
        """Take a loop's items out of the budget of the template that is rendering."""
        found = as_list(items)
        self.budget -= len(found)
        if self.budget < 0:
            raise RefusedError("SF219", f"loops run over more than {MAX_ITEMS:,} items")
        return found


def _nothing(obj: Any, name: str) -> Missing:
    if isinstance(obj, Missing):
        str(obj)  # raises for what was missing first
    return Missing(obj=obj, name=name)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _bounded(value: float) -> float:
    if not math.isfinite(value) or abs(value) >= MAX_NUMBER:
        raise RefusedError("SF219", "the number is too large")
    return value


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return "text"
    if value is None or isinstance(value, bool):
        return "null" if value is None else "true or false"
    return "a list" if isinstance(value, list | tuple) else "a mapping" if isinstance(value, Mapping) else "a number"


def as_text(value: Any) -> str:
    """Write a value into a text the way YAML would; lists and mappings have no such form."""
    if isinstance(value, str):
        return value
    if isinstance(value, Missing):
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < MAX_NUMBER:
        return str(int(value))
    if isinstance(value, int | float):
        return str(value)
    remedy = "; write {{ … | join(', ') }}" if isinstance(value, list | tuple) else ""
    raise RefusedError("SF218", f"{_kind(value)} cannot stand inside a text{remedy}")


def as_list(value: Any) -> list[Any]:
    """List the items of a list, the keys of a mapping or the characters of a text, up to 10,000."""
    if isinstance(value, Missing):
        str(value)
    if not isinstance(value, Iterable):
        raise RefusedError("SF218", f"{_kind(value)} has no items")
    items: list[Any] = []
    for item in value:
        items.append(item)
        if len(items) > MAX_ITEMS:
            raise RefusedError("SF219", f"more than {MAX_ITEMS:,} items")
    return items


def join(value: Any, separator: str = "") -> str:
    """Join items as text; refused past 100,000 characters before the text is built."""
    parts = [as_text(item) for item in as_list(value)]
    if sum(map(len, parts)) + len(separator) * len(parts) > MAX_CHARACTERS:
        raise RefusedError("SF219", f"more than {MAX_CHARACTERS:,} characters")
    return as_text(separator).join(parts)


def replace(value: Any, old: str, new: str) -> str:
    """Replace every `old`; refused when the result would pass 100,000 characters."""
    text, old, new = as_text(value), as_text(old), as_text(new)
    if len(text) + text.count(old) * len(new) > MAX_CHARACTERS:
        raise RefusedError("SF219", f"more than {MAX_CHARACTERS:,} characters")
    return text.replace(old, new)


def round_number(value: Any, precision: Any = 0) -> float:
    """Round half to even, to up to 15 decimals; a whole number without decimals."""
    if not _is_number(value) or not isinstance(precision, int) or abs(precision) > MAX_PRECISION:
        raise RefusedError("SF218", f"round takes a number and up to {MAX_PRECISION} decimals")
    rounded: float = round(value, precision) if precision else round(value)
    return rounded


def whole(value: Any) -> int:
    """Cut a number, or the number a text holds, to a whole one."""
    if isinstance(value, str) and len(value) > MAX_PRECISION * 2:
        raise RefusedError("SF218", "int takes a number")
    return int(_bounded(float(value))) if not isinstance(value, int) else int(value)


def sort(value: Any, *, reverse: bool = False) -> list[Any]:
    """Sort items of one kind."""
    return sorted(as_list(value), reverse=bool(reverse))


def unique(value: Any) -> list[Any]:
    """Keep the first of equal items."""
    found: list[Any] = []
    for item in as_list(value):
        if item not in found:
            found.append(item)
    return found


def bounded_range(*bounds: Any) -> list[int]:
    """Count like Python's range, up to 10,000 numbers."""
    if not all(isinstance(bound, int) and not isinstance(bound, bool) for bound in bounds):
        raise RefusedError("SF218", "range takes whole numbers")
    numbers = range(*bounds)
    if len(numbers) > MAX_ITEMS:
        raise RefusedError("SF219", f"range gives more than {MAX_ITEMS:,} numbers")
    return list(numbers)


def limited(chunks: Iterator[str]) -> str:
    """Put a rendered text together, stopping at 100,000 characters."""
    parts: list[str] = []
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > MAX_CHARACTERS:
            raise RefusedError("SF219", f"the text grows past {MAX_CHARACTERS:,} characters")
        parts.append(chunk)
    return "".join(parts)


def plain_json(value: Any, depth: int = 0) -> Json:
    """Return `value` as JSON types, whole floats as integers; refuse what JSON cannot hold."""
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, Missing):
        return str(value)
    if isinstance(value, int | float):
        number = _bounded(value)
        return int(number) if float(number).is_integer() else number
    if depth > MAX_DEPTH:
        raise RefusedError("SF219", "nested too deeply")
    if isinstance(value, list | tuple):
        return [plain_json(item, depth + 1) for item in value]
    if isinstance(value, Mapping):
        return {str(key): plain_json(inner, depth + 1) for key, inner in value.items()}
    raise RefusedError("SF219", "the expression gives nothing that can be a value")
