"""Keys, scales, chords, voice-leading and metre. Pitches are MIDI numbers, times are ticks of 1/12 quarter note."""

from __future__ import annotations

import re
from itertools import product

from runner.frozen import dataclass

TICKS = 12
"""Ticks in a quarter note."""

SCALES = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
}

_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_ACCIDENTALS = {"": 0, "#": 1, "♯": 1, "sharp": 1, "b": -1, "♭": -1, "flat": -1}
_KEY = re.compile(r"([A-Ga-g])\s*[-_]?(#|♯|b(?![a-z])|♭|sharp|flat)?[\s_-]*(.*)", re.DOTALL)
_MODES = {"": "major", "maj": "major", "ionian": "major", "m": "minor", "min": "minor", "aeolian": "minor"}
_METER = re.compile(r"\s*(\d{1,2})\s*(?:/\s*(2|4|8|16))?\s*")
_LARGEST_METER = 15


@dataclass(frozen=True, slots=True)
class Key:
    """A tonic (0 is C) and the name of a scale in SCALES."""

    tonic: int
    mode: str

    def scale(self, chord: int) -> tuple[int, ...]:
        """Return the scale to use over the chord on degree `chord`: in minor the dominant has its leading note."""
        if self.mode == "minor" and chord % 7 == 4:  # the fifth degree, counted from 0
            return SCALES["harmonic minor"]
        return SCALES[self.mode]

    def pitch(self, degree: int, chord: int = 0) -> int:
        """Return the pitch of a scale degree; degree 0 is the tonic in MIDI octave 0, degree 7 an octave higher."""
        octave, step = divmod(degree, 7)
        return 12 * octave + self.tonic + self.scale(chord)[step]

    def chord(self, degree: int, size: int) -> tuple[int, ...]:
        """Return `size` pitch classes stacked in thirds on a degree, root first."""
        return tuple(self.pitch(degree + 2 * third, degree) % 12 for third in range(size))


def parse_key(text: str) -> Key | None:
    """Read `D minor`, `F#`, `Bb major`, `Am`, `E phrygian`; None when it is none of these."""
    match = _KEY.fullmatch(text.strip())
    if match is None:
        return None
    letter, accidental, rest = match.groups()
    word = "major" if rest.strip() == "M" else " ".join(rest.lower().split())
    mode = _MODES.get(word, word)
    if mode not in SCALES:
        return None
    return Key((_LETTERS[letter.upper()] + _ACCIDENTALS[accidental or ""]) % 12, mode)


@dataclass(frozen=True, slots=True)
class Meter:
    """A bar: its length and the ticks its beats begin at."""

    bar: int
    beats: tuple[int, ...]

    @property
    def accents(self) -> tuple[int, ...]:
        """The beats that begin a half of the bar: the first, and the one past the middle (none in threes)."""
        count = len(self.beats)
        return (0,) if count < 4 and self.bar < 4 * TICKS else (0, self.beats[(count + 1) // 2])


def parse_meter(text: str) -> Meter | None:
    """Read `4/4`, `6/8` or a bare count of beats (2 to 5 quarters, more are eighths); None when it is neither."""
    match = _METER.fullmatch(text)
    if match is None:
        return None
    count = int(match[1])
    unit = int(match[2] or (4 if count <= 5 else 8))  # 6, 7, 9 and 12 are counted in eighths
    if not 1 <= count <= _LARGEST_METER:
        return None
    tick = 4 * TICKS // unit
    starts = range(count) if unit <= 4 else _groups(count)  # halves and quarters are beats themselves
    return Meter(count * tick, tuple(start * tick for start in starts))


def _groups(count: int) -> list[int]:
    """Group short units into beats: threes when they fit, otherwise twos with a three at the end."""
    if count % 3 == 0:
        return list(range(0, count, 3))
    return list(range(0, count - 1, 2)) or [0]


def voice(chord: tuple[int, ...], previous: tuple[int, ...], low: int) -> tuple[int, ...]:
    """Place pitch classes between `low` and an octave and a half above so that the voices move least."""
    places = [[low + (pitch - low) % 12 + octave for octave in (0, 12)] for pitch in chord]
    shapes = [tuple(sorted(shape)) for shape in product(*places)]
    close = [shape for shape in shapes if shape[-1] - shape[0] <= 16] or shapes  # a tenth
    if len(previous) != len(chord):
        return close[0]
    return min(close, key=lambda shape: sum(abs(new - old) for new, old in zip(shape, previous, strict=True)))
