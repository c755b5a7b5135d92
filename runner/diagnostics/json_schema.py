"""The one way to a JSON Schema validator: what it refers to is in the schema itself, and nothing is ever fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jsonschema import Draft7Validator

    from runner.records.source import Json


def validator(schema: Mapping[str, Json]) -> Draft7Validator:
    """Return a draft-07 validator that opens no address and no file; a reference out of the schema cannot be resolved."""
    from jsonschema import Draft7Validator  # 85 ms that a run of shipped models does not need
    from referencing import Registry

    return Draft7Validator(schema, registry=Registry())
