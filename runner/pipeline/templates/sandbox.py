"""A Jinja environment without access to Python: it only looks up keys and computes with numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from jinja2.filters import FILTERS
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.tests import TESTS

from runner.pipeline.templates.filters import (
    MAX_CHARACTERS,
    MAX_ITEMS,
    Missing,
    MissingNameError,
    RefusedError,
    as_list,
    as_text,
    bounded,
    is_number,
    join,
    kind,
    replace,
    round_number,
    sort,
    unique,
    whole,
)

if TYPE_CHECKING:
    from jinja2.runtime import Context

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


class Sandbox(ImmutableSandboxedEnvironment):
    """The one environment all templates are compiled in. `budget` counts down while one template renders, and `absent`
    collects missing names that it prints."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})

    def __init__(self) -> None:
        super().__init__(
            undefined=Missing, keep_trailing_newline=True, finalize=self.shown, autoescape=False, optimized=False
        )
        self.globals.clear()
        self.budget = MAX_ITEMS
        self.absent: list[MissingNameError] = []
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

    def shown(self, value: Any) -> str:
        """Return a value as text; collect a missing one and go on, so that all are found."""
        try:
            return as_text(value)
        except MissingNameError as error:
            self.absent.append(error)
            return ""

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
        if is_number(left) and is_number(right):
            return bounded(super().call_binop(context, operator, left, right))
        if operator == "+" and type(left) is type(right) and isinstance(left, str | list):
            limit = MAX_CHARACTERS if isinstance(left, str) else MAX_ITEMS
            if len(left) + len(right) > limit:
                raise RefusedError("SF219", f"more than {limit:,} {'characters' if isinstance(left, str) else 'items'}")
            return left + right
        raise RefusedError("SF218", f"{operator} takes numbers, not {kind(left)} and {kind(right)}")

    def counted(self, items: Iterable[Any]) -> list[Any]:
        """Count a loop's items against the limit of the template that is rendering."""
        found = as_list(items)
        self.budget -= len(found)
        if self.budget < 0:
            raise RefusedError("SF219", f"loops run over more than {MAX_ITEMS:,} items")
        return found


def _nothing(obj: Any, name: str) -> Missing:
    if isinstance(obj, Missing):
        str(obj)  # raises MissingNameError for the first missing name
    return Missing(obj=obj, name=name)
