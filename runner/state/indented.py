"""JSON with one value a line: the text of `json.dumps` with an indent, for which Python has no fast encoder of its own."""

from __future__ import annotations

import json
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_LEAF = json.JSONEncoder(ensure_ascii=False, allow_nan=False, check_circular=False).encode


def _number(value: float) -> str:
    return float.__repr__(value) if value - value == 0 else _LEAF(value)  # which refuses what is no number


_TEXTS: Mapping[type, Callable[[Any], str]] = {
    str: encode_basestring,
    int: int.__repr__,
    float: _number,
    bool: lambda value: "true" if value else "false",
    type(None): lambda _: "null",
}
"""How a value of each type that holds no others is written."""


def indented(value: Any, newline: str = "\n") -> str:
    """Return the text of `json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)`.

    `newline`: a line feed and the spaces before the line on which the value begins. Every key has to be text.
    """
    write = _TEXTS.get(type(value))
    if write is not None:
        return write(value)
    inner = f"{newline} "
    if value and isinstance(value, dict):
        # Most values hold no others: for these `indented` is not called.
        items = [
            f"{encode_basestring(name)}: {write(item) if (write := _TEXTS.get(type(item))) else indented(item, inner)}"
            for name, item in sorted(value.items())
        ]
        return f"{{{inner}{f',{inner}'.join(items)}{newline}}}"
    if value and isinstance(value, list | tuple):
        return f"[{inner}{f',{inner}'.join([indented(item, inner) for item in value])}{newline}]"
    return _LEAF(value)
