"""Which audio formats a request may return."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.records.media_types import EXTENSIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.records.catalog import Model
    from runner.records.source import Json


def media_types_of(model: Model, params: Mapping[str, Json]) -> tuple[str, ...]:
    """Return the media types that a request may return: the one that it names, else all that the model makes."""
    name = model.format_param
    if name is None or name not in model.params:
        return model.media_types
    wanted = f".{params.get(name, model.params[name].default)}"
    asked = tuple(kind for kind in model.media_types if EXTENSIONS.get(kind) == wanted)
    return asked or model.media_types
