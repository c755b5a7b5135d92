"""The rhythm of a piece: where in a bar its parts play, drawn once from seed and energy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.frozen import dataclass

if TYPE_CHECKING:
    from runner.audio.sketch.chance import Chance
    from runner.audio.sketch.style import Character
    from runner.audio.sketch.theory import Meter

Bar = tuple[int, ...]
"""The ticks of a bar at which something begins."""

SHORTEST_S = 0.09
"""A quick sixteenth."""
_BEDS = ((1,), (1,), (1, 2), (1, 4), (2,))
"""Shares of a bar after which a pad is struck again: halves, quarters."""


@dataclass(frozen=True, slots=True)
class BassNote:
    """One note of a bass line: `tone` 0 is the root, 1 its octave, 2 the fifth."""

    tick: int
    ticks: int
    tone: int


@dataclass(frozen=True, slots=True)
class Groove:
    """When the pitched parts play in a bar. The figure has another rhythm in every second bar.

    One part of a piece is busy and leaves room to the others; `busy_drums` says that it is the drums.
    """

    figure: tuple[Bar, Bar]
    pad: Bar
    bass: tuple[BassNote, ...]
    busy_drums: bool

    @classmethod
    def draw(cls, meter: Meter, character: Character, tick_s: float, chance: Chance) -> Groove:
        """Draw the rhythm of a piece: more energy makes more notes."""
        busy = chance.pick(("figure", "bass", "drums"))
        step = chance.pick(_steps(meter, character.energy, tick_s))
        grid = max(1, meter.bar // step)
        share = max(18, 5 * character.energy + (54 if busy == "figure" else 24) + chance.below(18))
        count = max(min(2, grid), grid * share // 100)
        first, second = (tuple(step * at for at in spread(count, grid, chance.below(grid))) for _ in range(2))
        bass = _bass(meter, character.line, busy=busy == "bass", chance=chance)
        return cls((first, second), _pad(meter, chance), bass, busy == "drums")


def spread(count: int, grid: int, turn: int) -> Bar:
    """Place `count` onsets on `grid` places as evenly as they go, turned by `turn` places (Euclid's rhythms).

    Source: Toussaint, "The Euclidean algorithm generates traditional musical rhythms" (2005).
    """
    return tuple(sorted({(at * grid // count + turn) % grid for at in range(count)})) if count else ()


def _steps(meter: Meter, energy: int, tick_s: float) -> tuple[int, ...]:
    """Return the lengths in ticks that a figure may count in: sixteenths, triplets, eighths, quarters."""
    wanted = (6, 12, 6, 4, 12) if energy < 0 else (6, 4, 6, 3) if energy < 2 else (3, 6, 3, 4)
    return tuple(step for step in wanted if meter.bar % step == 0 and step * tick_s >= SHORTEST_S) or (6,)


def _pad(meter: Meter, chance: Chance) -> Bar:
    half = meter.accents[-1] or meter.bar // 2
    return tuple(0 if place == 1 else half if place == 2 else half // 2 * 3 for place in chance.pick(_BEDS))


def _bass(meter: Meter, line: str, *, busy: bool, chance: Chance) -> tuple[BassNote, ...]:
    """Return one bar of a bass line; `pulse`, `octave` and `drawn` are spread over it."""
    beats, bar = meter.beats, meter.bar
    match line:
        case "pulse" | "octave":
            step = chance.pick((3, 3, 6, 4) if bar % 4 == 0 else (3, 6))
            grid = max(1, bar // step)
            count = max(2, grid * ((55 if busy else 22) + chance.below(20)) // 100)
            ticks = [step * at for at in spread(count, grid, chance.below(grid))]
            return tuple(BassNote(tick, 5, index % 2 * (line == "octave")) for index, tick in enumerate(ticks))
        case "walk":
            tones = chance.pick(((0, 1, 2, 1), (0, 2, 1, 2), (0, 0, 2, 1)))
            return tuple(BassNote(tick, 11, tones[index % 4]) for index, tick in enumerate(beats))
        case "late":
            places = chance.pick(
                (((0, 15), (18, 12), (36, 8), (42, 6)), ((0, 9), (21, 12), (33, 9)), ((0, 21), (30, 15)))
            )
            return tuple(BassNote(tick, ticks, 0) for tick, ticks in places if tick < bar)
        case "fifths":
            second = beats[(len(beats) + 1) // 2] if len(beats) > 1 else 0
            return (BassNote(0, bar // 2, 0), BassNote(second, bar // 2, 2))
        case "waltz":
            return (BassNote(0, beats[-1] or bar, 0),)
        case "drawn":
            turns = spread(2 + chance.below(3), max(1, bar // 6), chance.below(3))
            return tuple(BassNote(6 * at, 10, chance.pick((0, 0, 2, 1))) for at in turns)
        case _:
            return (BassNote(0, bar, 0),)
