"""What makes two requests the same.

The fingerprint covers what would be sent, the model and its resolved parameters, and nothing else: not the job's name,
the output path, the price or the version of this program. The hash covers the number of its scheme, and golden tests fix
its value, so an upgrade never causes a second payment.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from runner.records.source import Json

SCHEME = 1


def fingerprint(model: str, params: Mapping[str, Json]) -> str:
    """Return `sha256:<hex>` over the canonical form of what would be sent."""
    text = json.dumps(
        {"scheme": SCHEME, "model": model, "params": _canonical(dict(params))},
        sort_keys=True,
        ensure_ascii=False,
        allow_nan=False,
        separators=(",", ":"),
    )
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def identity(model: str, params: Mapping[str, Json], seeds: Container[str | None]) -> str:
    """Return the fingerprint without the seed: what stays the same while an unwritten seed is pinned by the lock.

    `seeds` names the parameters that hold it, today and when the request was made.
    """
    return fingerprint(model, {name: value for name, value in params.items() if name not in seeds})


def _canonical(value: Json) -> Json:
    """Return one form for all spellings of a value: 60 and 60.0, composed and decomposed accents."""
    match value:
        case dict():
            return {unicodedata.normalize("NFC", key): _canonical(item) for key, item in value.items()}
        case list() | tuple():
            return [_canonical(item) for item in value]
        case str():
            return unicodedata.normalize("NFC", value)
        case float() if value.is_integer():
            return int(value)
        case _:
            return value
