"""Drop findings that follow from another mistake: a misspelt key is also missing, and lines that are not indented
under their key leave it empty and are unknown keys beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from runner.diagnostics.messages import listing
from runner.diagnostics.schema_errors import without_misspelt
from runner.frozen import replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from runner.diagnostics.violation import Violation
    from runner.records.source import DocPath, Json


Order: TypeAlias = "tuple[list[str], dict[str | int, int]]"
"""The keys of a mapping, and where each is among them."""


def without_cascades(found: Iterable[Violation], data: Json) -> list[Violation]:
    """Return the findings about `data` that do not follow from others."""
    known = without_misspelt(found)
    strays = _strays(known, data)
    astray = {place for places in strays.values() for place in places}
    return [_indent(item, strays.get(item.place, ())) for item in known if item.place not in astray]


def _strays(found: list[Violation], data: Json) -> dict[DocPath, list[DocPath]]:
    """Return for each empty mapping the keys after it that are in the wrong place."""
    wrong = {item.place for item in found if item.sort == "unknown" or item.wanted == "a mapping"}
    strays: dict[DocPath, list[DocPath]] = {}
    taken: set[DocPath] = set()
    orders: dict[DocPath, Order] = {}
    for item in found:
        if item.wanted == "a mapping" and item.place not in taken and value_at(data, item.place) is None:
            places = list(_following(item.place, data, wrong, orders))
            if places:
                strays[item.place] = places
                taken.update(places)
    return strays


def _following(place: DocPath, data: Json, wrong: set[DocPath], orders: dict[DocPath, Order]) -> Iterator[DocPath]:
    """Yield the keys right after `place` in its mapping, as long as they are wrong there and have a value.

    `orders` keeps the order of the keys of each mapping that was asked for.
    """
    around = value_at(data, place[:-1])
    if not place or not isinstance(around, dict) or place[-1] not in around:
        return
    if place[:-1] not in orders:
        orders[place[:-1]] = list(around), {key: index for index, key in enumerate(around)}
    keys, index = orders[place[:-1]]
    for at in range(index[place[-1]] + 1, len(keys)):
        key = keys[at]
        if (*place[:-1], key) not in wrong or around[key] is None:
            return
        yield (*place[:-1], key)


def value_at(data: Json, path: DocPath) -> Json:
    """Return the value at `path`."""
    for key in path:
        data = data[key]
    return data


def _indent(finding: Violation, strays: Iterable[DocPath]) -> Violation:
    names = [str(place[-1]) for place in strays]
    if not names:
        return finding
    return replace(finding, help=f"indent {listing(names)} by more than {finding.place[-1]}")
