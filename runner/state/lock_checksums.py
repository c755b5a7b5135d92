"""Checksums of what a lock holds: enough against accidents, and no protection against a change on purpose."""

from __future__ import annotations

import hashlib
import json
from typing import Any

_DIGITS = 16


def checksum(block: Any) -> str:
    """Return the checksum of a JSON value, whatever the order of its keys."""
    text = json.dumps(block, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]


def without_sum(block: Any) -> tuple[Any, Any]:
    """Return an object without its field `sum`, and that; None where it has none."""
    if not isinstance(block, dict) or "sum" not in block:
        return block, None
    return {name: value for name, value in block.items() if name != "sum"}, block["sum"] or ""
