"""Which kinds of audio a request may bring."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.media_types import EXTENSIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.records import Card, Json


def kinds_of(card: Card, params: Mapping[str, Json]) -> tuple[str, ...]:
    """Return the media types that may come: the one that the request asks for, else all that the model makes."""
    name = card.format_param
    if name is None or name not in card.params:
        return card.media_types
    wanted = f".{params.get(name, card.params[name].default)}"
    asked = tuple(kind for kind in card.media_types if EXTENSIONS.get(kind) == wanted)
    return asked or card.media_types
