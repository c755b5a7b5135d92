"""Parts of messages: short values, lists of names, and the nearest name."""

from __future__ import annotations

import difflib
import json
from typing import TYPE_CHECKING

from runner.diagnostics.secrets import mask

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.records.source import Json

SHOWN_CHARACTERS = 60
SHOWN_NAMES = 20
MOST_COMPARED = 100
"""So many unknown names of one file are compared with all that it knows; ten thousand would take minutes."""


def show(value: Json) -> str:
    """Write a JSON value on one short line; long ones end in an ellipsis, and what looks like a key is hidden."""
    text = mask(json.dumps(value, ensure_ascii=False, default=str))
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"


def listing(names: Iterable[object], count: int | None = None) -> str:
    """Join names with commas; after twenty say how many more there are. `count` says how many when `names` are only the first."""
    words = [name if isinstance(name, str) else show(name) for name in names]
    more = (len(words) if count is None else count) - SHOWN_NAMES
    return ", ".join(words[:SHOWN_NAMES]) + (f" and {more} more" if more > 0 else "")


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Return the help line `did you mean …?` when one of `names` is close to `name` or to its part before a colon."""
    known = list(names)
    found = closest(name, known)
    start, colon, rest = name.partition(":")
    if colon and start == found:
        return f"put a space after the colon: {start}: {rest}"
    return f"did you mean {found}?" if found else None


def closest(name: str, names: Iterable[str]) -> str | None:
    """Return the one of `names` that `name` resembles: the same up to a colon, or nearly the same."""
    known = list(names)
    start, colon, _ = name.partition(":")
    if colon and start in known:
        return start
    folded = {known_name.casefold(): known_name for known_name in reversed(known)}
    close = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    return folded[close[0]] if close else None


def kind(value: Json) -> str:
    """Name a JSON value's type in plain words."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case _:
            return "a mapping"
