"""What is played: notes with a place in ticks, and the plan of phrases they follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from runner.frozen import dataclass

if TYPE_CHECKING:
    from runner.audio.sketch.chance import Chance
    from runner.audio.sketch.theory import Key, Meter


class Note(NamedTuple):
    """One sound: `part` is its place in the mix, `sound` its instrument, `level` its strength from 1 to 127."""

    tick: int
    ticks: int
    part: str
    sound: str
    pitch: int
    level: int


@dataclass(frozen=True, slots=True)
class Phrase:
    """Some bars that belong together; `layer` 1 is thin and 3 is full, `chords` has one scale degree a bar."""

    tick: int
    letter: str
    layer: int
    chords: tuple[int, ...]


PROGRESSIONS = {
    "major": ((0, 4, 5, 3), (0, 3, 5, 4), (0, 5, 3, 4), (0, 2, 3, 4), (3, 4, 2, 5), (5, 3, 0, 4)),
    "minor": ((0, 5, 2, 6), (0, 3, 5, 4), (0, 6, 5, 4), (0, 5, 3, 4), (5, 6, 0, 0), (3, 0, 5, 4)),
    "harmonic minor": ((0, 3, 0, 4), (0, 5, 3, 4), (0, 0, 3, 4), (3, 0, 5, 4)),
    "dorian": ((0, 3, 0, 3), (0, 6, 3, 0), (0, 2, 6, 3), (2, 3, 0, 0)),
    "phrygian": ((0, 1, 0, 6), (0, 1, 2, 1), (0, 5, 1, 0), (1, 0, 6, 1)),
    "lydian": ((0, 1, 0, 1), (0, 1, 4, 0), (0, 1, 5, 1), (4, 1, 0, 1)),
    "mixolydian": ((0, 6, 3, 0), (0, 3, 6, 3), (3, 6, 0, 0), (0, 4, 6, 3)),
}

_LETTERS = ("A", "A'", "B", "A")
_QUICK_BAR_S = 1.25
_LAYER_2_ENERGY = 2


def phrases(*, bars: int, meter: Meter, bar_s: float, key: Key, energy: int, chance: Chance) -> tuple[Phrase, ...]:
    """Lay `bars` bars out as A A' B A, phrases of four chords, thin at first; short bars share a chord in twos."""
    stretch = 2 if bar_s < _QUICK_BAR_S else 1
    choices = PROGRESSIONS[key.mode]
    main, other = chance.pick(choices), chance.pick(choices)
    size = 4 * stretch
    count = -(-bars // size)
    plan = []
    for index in range(count):
        letter = _LETTERS[index % 4]
        degrees = other if letter == "B" else main
        chords = tuple(degree for degree in degrees for _ in range(stretch))[: bars - index * size]
        plan.append(Phrase(index * size * meter.bar, letter, _layer(index, count, energy), chords))
    return tuple(plan)


def _layer(index: int, count: int, energy: int) -> int:
    """Say how full a phrase is: it grows over the first ones, and every second B draws back."""
    least = 2 if energy >= _LAYER_2_ENERGY or count < len(_LETTERS) // 2 else 1
    if index < 2:  # the first A and A'
        return max(least, index + 1)
    if _LETTERS[index % 4] == "B":
        return max(least, 2 - index // 4 % 2)
    return 3
