"""Write to the place that a JMESPath names: the reverse of a search, for the simple paths of provider files."""

from __future__ import annotations

from types import EllipsisType
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import jmespath

from runner.errors import ScorefileError

if TYPE_CHECKING:
    from runner.records.source import Json

Steps: TypeAlias = "tuple[str | int | EllipsisType, ...]"
"""A field name, an index, or EACH, from the root down."""

EACH = ...
"""Every item of a list: the value to place is then a list with one entry per item."""


def steps(expression: str) -> Steps:
    """Return the steps of the JMESPath `expression` from the root down.

    Follows fields, indexes, `[]`, `[*]`, filters (as `[]`), and the first part of `a || b`. Raises ScorefileError for
    anything else: the emulator cannot play such a provider file.
    """
    return _walk(cast("Any", jmespath.compile(expression)).parsed, expression)


def _walk(node: Json, expression: str) -> Steps:
    children = [child for child in node["children"] if isinstance(child, dict)]
    match node["type"]:
        case "field":
            return (node["value"],)
        case "index":
            return (node["value"],)
        case "identity" | "current":
            return ()
        case "subexpression" | "index_expression":
            return tuple(step for child in children for step in _walk(child, expression))
        case "projection" | "filter_projection":
            return (*_walk(children[0], expression), EACH, *_walk(children[1], expression))
        case "flatten" | "or_expression":
            return _walk(children[0], expression)
    raise ScorefileError(f"the emulator cannot write to the JMESPath {expression!r}")


def place(node: Json, where: Steps, value: Json) -> Json:
    """Return a copy of `node` with `value` at `where`; mappings and lists missing on the way are created.

    At EACH, `value` is a list: the last item there is repeated, or the rest cut, to fit its length; each item is then filled.
    """
    if not where:
        return value
    head, rest = where[0], where[1:]
    if isinstance(head, EllipsisType):
        items = node if isinstance(node, list) and node else [None]
        return [place(items[min(at, len(items) - 1)], rest, item) for at, item in enumerate(value)]
    if isinstance(head, int):
        items = list(node) if isinstance(node, list) else []
        items += [None] * (head + 1 - len(items))
        items[head] = place(items[head], rest, value)
        return items
    fields = dict(node) if isinstance(node, dict) else {}
    fields[head] = place(fields.get(head), rest, value)
    return fields
