"""JSON with one value a line: the text of `json.dumps` with an indent, for which Python has no fast encoder of its own."""

from __future__ import annotations

import json
from json.encoder import encode_basestring
from typing import Any

_LEAF = json.JSONEncoder(ensure_ascii=False, allow_nan=False, check_circular=False).encode


def indented(value: Any, newline: str = "\n") -> str:
    """Return the text of `json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)`.

    `newline`: a line feed and the spaces before the line on which the value begins. Every key has to be text.
    """
    inner = f"{newline} "
    if value and isinstance(value, dict):
        # Most values are text: no call is made for these.
        items = [
            f"{encode_basestring(name)}: {encode_basestring(item) if type(item) is str else indented(item, inner)}"
            for name, item in sorted(value.items())
        ]
        return f"{{{inner}{f',{inner}'.join(items)}{newline}}}"
    if value and isinstance(value, list | tuple):
        return f"[{inner}{f',{inner}'.join([indented(item, inner) for item in value])}{newline}]"
    return int.__repr__(value) if type(value) is int else _LEAF(value)
