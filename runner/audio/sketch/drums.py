"""Drum kits and what they play: a closed set of patterns that fit every metre."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from runner.audio.sketch.groove import spread
from runner.audio.sketch.score import Note
from runner.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.audio.sketch.chance import Chance
    from runner.audio.sketch.score import Phrase
    from runner.audio.sketch.style import Character
    from runner.audio.sketch.theory import Meter


@dataclass(frozen=True, slots=True)
class Kit:
    """Sounds for the low, back and top voice, for fills and for the start of a phrase, and where they fall."""

    low: str
    back: str
    top: str
    fill: str
    crash: str
    low_on: Literal["first", "accents", "beats", "drive"]
    back_on: Literal["none", "offbeats", "figures"]
    top_step: int
    """Ticks between two strokes of the top voice; 0 for none."""
    loud: int
    """Percent."""


KITS = {
    "hand": Kit("frame", "rim", "shaker", "tom", "", "drive", "figures", 6, 80),
    "ice": Kit("frame", "tick", "shaker", "tick", "", "first", "figures", 12, 60),
    "soft": Kit("kick", "rim", "shaker", "tom", "", "accents", "offbeats", 6, 70),
    "lofi": Kit("kick", "snare", "hat", "rim", "", "drive", "offbeats", 6, 75),
    "jazz": Kit("kick", "brush", "ride", "brush", "", "first", "offbeats", 12, 75),
    "rock": Kit("kick", "snare", "hat", "tom", "crash", "drive", "offbeats", 6, 100),
    "epic": Kit("taiko", "tom", "shaker", "taiko", "crash", "accents", "figures", 6, 100),
    "electro": Kit("kick", "clap", "hat", "snare", "crash", "beats", "offbeats", 6, 95),
    "chip": Kit("blip", "hiss", "tick", "hiss", "", "drive", "offbeats", 6, 85),
    "march": Kit("taiko", "snare", "rim", "snare", "crash", "accents", "figures", 12, 85),
}

_BACKS: tuple[tuple[int, ...], ...] = ((1, 3), (1, 3), (2,), (3,), (1,), (1, 2, 3), (2, 3))
"""The beats of a bar that the back voice may stress."""
_FILLS = ((0, 1), (3, 1), (4, 1), (6, 2), (3, 2), (12, 2), (0, 0))
"""What a fill is made of: the ticks between its strokes, 0 for none at all, and how many beats it takes."""
_CELLS = ((0, 6, 9), (0, 3, 6), (0, 3, 9), (3, 6, 9), (0, 9), (3, 9), (0, 3), (6, 9), (0, 4, 8))
_BUSY_TOPS = ("cells", "cells", "cells", "spread", "quick")
_TOPS = ("offbeat", "spread", "sparse", "turned", "straight")

Stroke = tuple[str, str, int, int]
"""Part, sound, tick in the bar and level."""


@dataclass(frozen=True, slots=True)
class Beat:
    """What a kit plays in two bars by turns, drawn once; the top voice is left out where a phrase is thin."""

    kit: Kit
    ground: tuple[tuple[Stroke, ...], tuple[Stroke, ...]]
    top: tuple[tuple[Stroke, ...], tuple[Stroke, ...]]
    fill_step: int
    fill_beats: int

    @classmethod
    def draw(cls, kit: Kit, meter: Meter, character: Character, *, busy: bool, chance: Chance) -> Beat:
        """Draw the pattern of each voice; more energy makes more strokes, and so does a beat that is the busy part."""
        low = tuple(_low(kit, meter, character.energy, chance))
        even, odd = ((*low, *_back(kit, meter, busy=busy, chance=chance)) for _ in range(2))
        first, second = (tuple(_top(kit, meter, character, busy=busy, chance=chance)) for _ in range(2))
        return cls(kit, (even, odd), (first, second), *chance.pick(_FILLS))


def drums(beat: Beat, phrase: Phrase, meter: Meter) -> Iterator[Note]:
    """Play a beat over a phrase, with a fill in its last bar."""
    kit = beat.kit
    if kit.crash and phrase.layer > 2:  # the fullest layer
        yield _hit(kit, "top", kit.crash, phrase.tick, 80)
    last = len(phrase.chords) - 1
    for bar in range(last + 1):
        start, turn = phrase.tick + bar * meter.bar, bar % 2
        strokes = (*beat.ground[turn], *(beat.top[turn] if phrase.layer > 1 else ()))
        fills = bar == last and phrase.layer > 1 and len(meter.beats) > beat.fill_beats
        room = meter.beats[-beat.fill_beats] if fills and beat.fill_beats else meter.bar
        for part, sound, tick, level in strokes:
            if tick < room or part == "low":
                yield _hit(kit, part, sound, start + tick, level - 12 * (3 - phrase.layer))
        for step, tick in enumerate(range(room, meter.bar, beat.fill_step or meter.bar)):
            yield _hit(kit, "top", kit.fill, start + tick, 64 + 10 * min(step, 5), pitch=-2 * (step // 2))


def _hit(kit: Kit, part: str, sound: str, tick: int, level: int, *, pitch: int = 0) -> Note:
    return Note(tick, 12, part, sound, pitch, max(8, level * kit.loud // 100))


def _low(kit: Kit, meter: Meter, energy: int, chance: Chance) -> Iterator[Stroke]:
    """Play the low voice: on its beats, and where it drives at a few drawn places between them."""
    between = range(3 if energy > 1 else 6, meter.bar, 3 if energy > 1 else 6)
    ticks = {"first": (0,), "accents": meter.accents, "drive": meter.accents, "beats": meter.beats}[kit.low_on]
    if kit.low_on in {"accents", "drive"} and between and chance.hit(60):
        ticks = (0, chance.pick(between)) if chance.hit(70) else (0,)
    for tick in ticks:
        yield "low", kit.low, tick, 118 if tick == 0 else 108
    if kit.low_on == "beats":
        return
    for _ in range(chance.below(3 + max(0, energy)) if between else 0):
        yield "low", kit.low, chance.pick(between), 90


def _back(kit: Kit, meter: Meter, *, busy: bool, chance: Chance) -> Iterator[Stroke]:
    """Play the back voice: offbeats, half as many of them, or figures; a kit may have a few soft strokes between."""
    if kit.back_on == "figures":
        grid = meter.bar // 3
        for at in spread((5 if busy else 2) + chance.below(max(1, grid // 4)), grid, chance.below(grid)):
            yield "top", kit.back, 3 * at, 84 if 3 * at in meter.beats else 66
    if kit.back_on == "offbeats":
        late = chance.pick((0, 0, 0, 6))
        for index in chance.pick(_BACKS):
            if index < len(meter.beats) and meter.beats[index] + late < meter.bar:
                yield "top", kit.back, meter.beats[index] + late, 100 if index % 2 else 88
        for at in spread(chance.below(4), meter.bar // 3, chance.below(16)):
            yield "top", kit.back, 3 * at, 50


def _top(kit: Kit, meter: Meter, character: Character, *, busy: bool, chance: Chance) -> Iterator[Stroke]:
    """Play the top voice in one of a few patterns around the kit's own step."""
    step, kind = kit.top_step, chance.pick(_BUSY_TOPS if busy else _TOPS)
    match kind:
        case "quick" if character.energy > 0:
            ticks: tuple[int, ...] = tuple(range(0, meter.bar, max(3, step // 2)))
        case "offbeat":
            ticks = tuple(range(6, meter.bar, 12))
        case "spread":
            grid = meter.bar // 3
            ticks = tuple(
                3 * at
                for at in spread(grid * ((38 if busy else 14) + chance.below(25)) // 100, grid, chance.below(grid))
            )
        case "turned":
            ticks = tuple(range(3, meter.bar, step))
        case "cells":
            cells = (chance.pick(_CELLS), chance.pick(_CELLS))
            starts = enumerate(range(0, meter.bar, 12))
            ticks = tuple(start + at for beat, start in starts for at in cells[beat % 2] if start + at < meter.bar)
        case "sparse":
            ticks = tuple(range(0, meter.bar, 2 * step))
        case _:
            ticks = tuple(range(0, meter.bar, step))
    accent = chance.pick((30, 44, 58, 72))
    for tick in ticks:
        late = character.swing if tick % 12 == 6 else 0  # the second eighth of a quarter
        yield "top", kit.top, tick + late, accent if tick in meter.beats else accent * 3 // 4
