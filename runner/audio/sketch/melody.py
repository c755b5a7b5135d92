"""The tune: two motifs, one for A and one for B, that follow the chords and breathe at the end of each phrase."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from runner.audio.sketch.score import Note, Phrase
from runner.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.audio.sketch.chance import Chance
    from runner.audio.sketch.style import Character
    from runner.audio.sketch.theory import Key, Meter

Motif = tuple[tuple[tuple[int, int, int], ...], ...]
"""Two bars of (tick, length, step): the step leads there from the note before, in scale degrees."""

_STEPS = (1, -1, 1, -1, 2, -2, 1, -1, 0, 3)
_LOW, _HIGH = -3, 8
_DEEP = frozenset({"horn", "voice", "saw"})
_NEAR = (0, -1, 1, -2, 2, -3, 3)


@dataclass(frozen=True, slots=True)
class Tune:
    """The motifs of a piece and what they are played with."""

    key: Key
    meter: Meter
    sound: str
    base: int
    """Degree of the tonic that the tune moves around."""
    swing: int
    motifs: dict[str, Motif]

    @classmethod
    def draw(cls, key: Key, meter: Meter, character: Character, chance: Chance) -> Tune:
        """Draw the motifs; more energy makes more notes."""
        base = (35 if key.tonic >= 5 else 42) - (7 if character.lead in _DEEP else 0)  # F and above
        motifs = {letter: _motif(meter, character.energy, chance) for letter in "AB"}
        return cls(key, meter, character.lead, base, character.swing, motifs)

    def play(self, phrase: Phrase, *, last: bool) -> Iterator[Note]:
        """Play one phrase: the motif over and over, fitted to each chord, and a long note in its last bar."""
        if self.sound == "none":
            return
        motif = self.motifs[phrase.letter[0]]
        place = 4 if phrase.letter == "B" else 2
        end = len(phrase.chords) - 1
        for bar, degree in enumerate(phrase.chords):
            start = phrase.tick + bar * self.meter.bar
            if bar == end and bar:
                goal = 0 if last or phrase.letter == "A'" else place
                yield self._note(start, self._rest(), self._fit(goal, degree), degree, 84)
                continue
            for index, (tick, ticks, step) in enumerate(motif[bar % 2]):
                place = _inside(place + step)
                if index == 0 or tick in self.meter.beats:
                    place = self._fit(place, degree)
                late = self.swing if tick % 12 == 6 else 0  # the second eighth of a quarter
                level = 70 + 6 * phrase.layer + (10 if tick == 0 else 0)
                yield self._note(start + tick + late, ticks, place, degree, level)

    def _rest(self) -> int:
        """Return the length of a last note that leaves the bar's last beat free."""
        return self.meter.beats[-1] or self.meter.bar

    def _fit(self, place: int, chord: int) -> int:
        """Return the nearest tone of the chord."""
        return next(place + near for near in _NEAR if (place + near - chord) % 7 in {0, 2, 4})

    def _note(self, tick: int, ticks: int, place: int, chord: int, level: int) -> Note:
        return Note(tick, ticks, "lead", self.sound, self.key.pitch(self.base + place, chord), level)


def _inside(place: int) -> int:
    """Reflect a place at the ends of the tune's range."""
    if place > _HIGH:
        return 2 * _HIGH - place
    return 2 * _LOW - place if place < _LOW else place


def _motif(meter: Meter, energy: int, chance: Chance) -> Motif:
    return tuple(
        tuple((tick, ticks, chance.pick(_STEPS)) for tick, ticks in _rhythm(meter, energy, chance)) for _ in range(2)
    )


def _rhythm(meter: Meter, energy: int, chance: Chance) -> list[tuple[int, int]]:
    """Draw one bar of (tick, length): beats are held, played, split or left out, more of one than of another."""
    bar: list[tuple[int, int]] = []
    lean = 6 * energy + chance.below(45) - 22
    for tick, following in pairwise((*meter.beats, meter.bar)):
        length = following - tick
        roll = chance.below(100) + lean
        if bar and roll < 22:  # hold on
            bar[-1] = (bar[-1][0], tick + length - bar[-1][0])
        elif bar and roll < 30:  # a rest
            continue
        elif roll < 62 or length % 6:  # one note
            bar.append((tick, length))
        elif roll < 92 or length != 12:  # eighths
            bar += [(tick + part, 6) for part in range(0, length, 6)]
        else:
            bar += [(tick, 9), (tick + 9, 3)]
    return bar
