"""Drum kits and what they play: a closed set of patterns that fit every metre."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from runner.audio.sketch.score import Note

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.audio.sketch.chance import Chance
    from runner.audio.sketch.score import Phrase
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
    "soft": Kit("kick", "rim", "shaker", "tom", "", "accents", "offbeats", 6, 70),
    "lofi": Kit("kick", "snare", "hat", "rim", "", "drive", "offbeats", 6, 75),
    "jazz": Kit("kick", "brush", "ride", "brush", "", "first", "offbeats", 12, 75),
    "rock": Kit("kick", "snare", "hat", "tom", "crash", "drive", "offbeats", 6, 100),
    "epic": Kit("taiko", "tom", "shaker", "taiko", "crash", "accents", "figures", 6, 100),
    "electro": Kit("kick", "clap", "hat", "snare", "crash", "beats", "offbeats", 6, 95),
    "chip": Kit("blip", "hiss", "tick", "hiss", "", "drive", "offbeats", 6, 85),
    "march": Kit("taiko", "snare", "rim", "snare", "crash", "accents", "figures", 12, 85),
}

_FIGURES = ((0, 6, 9), (0, 3, 6, 9), (0, 6), (3, 6, 9), (6, 9))


def drums(kit: Kit, phrase: Phrase, meter: Meter, swing: int, chance: Chance) -> Iterator[Note]:
    """Play a kit over a phrase: a groove that is drawn once, and a fill in the last bar."""
    groove = [*_low(kit, meter, chance), *_back(kit, meter, chance)]
    if phrase.layer > 1:
        groove += _top(kit, meter, swing)
    if kit.crash and phrase.layer > 2:  # the fullest layer
        yield _hit(kit, "top", kit.crash, phrase.tick, 80)
    last = len(phrase.chords) - 1
    for bar in range(last + 1):
        start = phrase.tick + bar * meter.bar
        room = meter.beats[-1] if bar == last and phrase.layer > 1 and len(meter.beats) > 1 else meter.bar
        for part, sound, tick, level in groove:
            if tick < room or part == "low":
                yield _hit(kit, part, sound, start + tick, level - 12 * (3 - phrase.layer))
        for step, tick in enumerate(range(room, meter.bar, 3)):
            yield _hit(kit, "top", kit.fill, start + tick, 64 + 10 * min(step, 5), pitch=-2 * (step // 2))


def _hit(kit: Kit, part: str, sound: str, tick: int, level: int, *, pitch: int = 0) -> Note:
    return Note(tick, 12, part, sound, pitch, max(8, level * kit.loud // 100))


def _low(kit: Kit, meter: Meter, chance: Chance) -> Iterator[tuple[str, str, int, int]]:
    ticks = {"first": (0,), "accents": meter.accents, "drive": meter.accents, "beats": meter.beats}[kit.low_on]
    for tick in ticks:
        yield "low", kit.low, tick, 118 if tick == 0 else 108
    extra = [tick for tick in range(6, meter.bar, 6) if tick not in meter.beats]
    if kit.low_on == "drive" and extra:
        yield "low", kit.low, chance.pick(extra), 88


def _back(kit: Kit, meter: Meter, chance: Chance) -> Iterator[tuple[str, str, int, int]]:
    if kit.back_on == "offbeats":
        for index, tick in enumerate(meter.beats):
            if index % 2 == 1 or (index and len(meter.beats) == 3):  # one, two, three
                yield "top", kit.back, tick, 100 if index % 2 else 84
    if kit.back_on == "figures":
        for tick in meter.beats:
            for offset in chance.pick(_FIGURES):
                if tick + offset < meter.bar:
                    yield "top", kit.back, tick + offset, 84 if offset == 0 else 62


def _top(kit: Kit, meter: Meter, swing: int) -> Iterator[tuple[str, str, int, int]]:
    for tick in range(0, meter.bar, kit.top_step):
        on_beat = tick in meter.beats
        late = swing if tick % 12 == 6 else 0  # the second eighth of a quarter
        yield "top", kit.top, tick + late, 66 if on_beat else 48
