"""Checksums of what a lock holds: enough against accidents, and no protection against a change on purpose."""

from __future__ import annotations

import hashlib
import json
from typing import Any

_DIGITS = 16
_ENCODE = json.JSONEncoder(
    sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"), check_circular=False
).encode


def checksum(block: Any) -> str:
    """Return the checksum of a JSON value, whatever the order of its keys."""
    return checksum_of(compact(block))


def compact(block: Any) -> bytes:
    """Return the one text of a JSON value, whatever the order of its keys, that its checksum covers."""
    return _ENCODE(block).encode()


def checksum_of(text: bytes) -> str:
    """Return the checksum of a JSON value by its compact text."""
    return hashlib.sha256(text).hexdigest()[:_DIGITS]


def without_sum(block: Any) -> tuple[Any, Any]:
    """Return an object without its field `sum`, and that; None where it has none."""
    if not isinstance(block, dict) or "sum" not in block:
        return block, None
    bare = block.copy()
    return bare, bare.pop("sum") or ""
