"""How loud a piece is from its beginning to its end, where its prompt asks for drama."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runner.audio.sketch.chance import Chance
    from runner.audio.sketch.score import Note

_FLOORS = (1000, 460, 330, 250)
"""The quietest level in thousandths, by how much drama is asked for."""
_Curve = tuple[tuple[int, int], ...]
_BUILDS: tuple[_Curve, ...] = (
    ((0, 0), (250, 0), (500, 450), (540, 60), (800, 1000), (1000, 1000)),
    ((0, 900), (180, 1000), (260, 0), (560, 100), (760, 1000), (1000, 1000)),
    ((0, 200), (300, 700), (340, 0), (600, 0), (660, 1000), (1000, 900)),
    ((0, 1000), (200, 900), (420, 300), (640, 0), (820, 0), (870, 1000), (1000, 1000)),
)
_WAVES: tuple[_Curve, ...] = (
    ((0, 0), (200, 0), (450, 600), (620, 1000), (800, 1000), (1000, 0)),
    ((0, 1000), (150, 1000), (300, 0), (650, 0), (850, 700), (1000, 1000)),
)
"""Points of a curve: a place in the piece, and the way from the quietest level to the loudest, in thousandths.

A build ends loud; a wave, for loops, ends where it begins.
"""


def with_dynamics(notes: list[Note], end: int, drama: int, *, loops: bool, chance: Chance) -> list[Note]:
    """Return notes whose levels follow a drawn curve; as they are when no drama is asked for."""
    if drama <= 0:
        return notes
    floor, points = _FLOORS[min(drama, len(_FLOORS) - 1)], chance.pick(_WAVES if loops else _BUILDS)
    return [
        note._replace(level=max(1, note.level * _level(1000 * note.tick // end, floor, points) // 1000))
        for note in notes
    ]


def _level(place: int, floor: int, points: _Curve) -> int:
    """Return the level at a place, between `floor` and 1000."""
    after = min(bisect_right(points, (place, 1001)), len(points) - 1)
    (start, low), (end, high) = points[after - 1], points[after]
    way = low + (high - low) * (min(place, end) - start) // (end - start)
    return floor + (1000 - floor) * way // 1000
