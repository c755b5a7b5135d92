"""A vendor's id that holds personal data, as it may stand in a lock: the digest of it."""

from __future__ import annotations

import hashlib

_PREFIX = "sha256:"


def hidden(request_id: str) -> str:
    """Return the form of an id that tells nothing and can still be compared."""
    return _PREFIX + hashlib.sha256(request_id.encode()).hexdigest()


def is_hidden(request_id: str | None) -> bool:
    """Say whether only the digest of an id is known: no URL can be made of it."""
    return request_id is not None and request_id.startswith(_PREFIX)
