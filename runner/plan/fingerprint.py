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

import msgspec

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from runner.records.source import Json

SCHEME = 1
_WRITE = msgspec.json.Encoder(order="sorted").encode
_ENCODE = json.JSONEncoder(
    sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"), check_circular=False
).encode


def fingerprint(model: str, params: Mapping[str, Json]) -> str:
    """Return `sha256:<hex>` over the canonical form of what would be sent."""
    known = _ENCODE(params)
    canonical = known if _is_canonical(known) else _ENCODE(_canonical(dict(params)))
    whole = f'{{"model":{_ENCODE(model)},"params":{canonical},"scheme":{SCHEME}}}'
    return "sha256:" + hashlib.sha256(whole.encode()).hexdigest()


def identity(model: str, params: Mapping[str, Json], seeds: Container[str | None]) -> str:
    """Return the fingerprint without the seed: what stays the same while an unwritten seed is pinned by the lock.

    `seeds` names the parameters that hold it, today and when the request was made.
    """
    return fingerprint(model, {name: value for name, value in params.items() if name not in seeds})


def is_same_text(params: Mapping[str, Json], others: Mapping[str, Json]) -> bool:
    """Say whether two sets of parameters are written alike, and so have one fingerprint; others may have one as well."""
    return _WRITE(params) == _WRITE(others)


def _is_canonical(text: str) -> bool:
    """Say whether a JSON text is surely canonical: no accents to compose, and no float that is a whole number."""
    return text.isascii() and ".0" not in text and "e+" not in text


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
