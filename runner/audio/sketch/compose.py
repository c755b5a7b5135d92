"""Notes from a character: chords with voice-leading, bass, figures and a tune over a plan of phrases, and their dynamics."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from runner.audio.sketch.drums import KITS, Beat, drums
from runner.audio.sketch.dynamics import with_dynamics
from runner.audio.sketch.groove import BassNote, Groove
from runner.audio.sketch.melody import Tune
from runner.audio.sketch.score import Note, phrases
from runner.audio.sketch.theory import voice
from runner.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.audio.sketch.chance import Chance
    from runner.audio.sketch.style import Character
    from runner.audio.sketch.theory import Key, Meter

_BASS_LOW = 28
_PAD_LOW = 52
_ARP_LOW = 60
_FIGURES = ((0, 1, 2, 1), (0, 2, 1, 2), (0, 1, 2, 3), (3, 2, 1, 0), (0, 2, 3, 2))


@dataclass(frozen=True, slots=True)
class Piece:
    """Everything that stays the same through one piece. `end` is its last tick, in which the closing chord rings.

    One that `loops` has no close: it ends where it begins.
    """

    character: Character
    key: Key
    meter: Meter
    bars: int
    bar_s: float
    end: int
    loops: bool = False


def compose_notes(piece: Piece, chances: dict[str, Chance]) -> list[Note]:
    """Write all notes of a piece; `chances` has one stream for `form`, `rhythm`, `tune`, `arp` and `drums` each."""
    plan = phrases(
        bars=piece.bars,
        meter=piece.meter,
        bar_s=piece.bar_s,
        key=piece.key,
        energy=piece.character.energy,
        chance=chances["form"],
    )
    groove = Groove.draw(piece.meter, piece.character, piece.bar_s / piece.meter.bar, chances["rhythm"])
    tune = Tune.draw(piece.key, piece.meter, piece.character, chances["tune"])
    figure = chances["arp"].pick(_FIGURES)
    kit = KITS.get(piece.character.kit)
    beat = (
        Beat.draw(kit, piece.meter, piece.character, busy=groove.busy_drums, chance=chances["drums"]) if kit else None
    )
    voicing: tuple[int, ...] = ()
    notes: list[Note] = []
    for number, phrase in enumerate(plan):
        for bar, degree in enumerate(phrase.chords):
            start = phrase.tick + bar * piece.meter.bar
            voicing = voice(piece.key.chord(degree, 3 + piece.character.sevenths), voicing, _PAD_LOW)
            for tick in groove.pad:
                notes += _chord(piece, voicing, start + tick, piece.meter.bar - tick, 60 + 8 * phrase.layer)
            notes += _bass(piece, degree, start, phrase.layer, groove)
            notes += _arp(piece, degree, start, phrase.layer, _Figure(figure, groove.figure[bar % 2]))
        notes += tune.play(phrase, last=number == len(plan) - 1 and not piece.loops)
        if beat and (phrase.layer > 1 or piece.character.energy >= 0):
            notes += drums(beat, phrase, piece.meter)
    notes = _within(notes, piece.end) if piece.loops else [*notes, *_close(piece, voicing)]
    return with_dynamics(notes, piece.end, piece.character.drama, loops=piece.loops, chance=chances["form"])


@dataclass(frozen=True, slots=True)
class _Figure:
    """How a chord is broken: which of its tones follow one another, and when."""

    tones: tuple[int, ...]
    ticks: tuple[int, ...]


def _within(notes: list[Note], end: int) -> list[Note]:
    """Return the notes that begin before `end`, none held longer: a loop goes on with its first bar there."""
    return [note._replace(ticks=min(note.ticks, end - note.tick)) for note in notes if note.tick < end]


def _chord(piece: Piece, voicing: tuple[int, ...], start: int, ticks: int, level: int) -> Iterator[Note]:
    if piece.character.pad != "none":
        for pitch in voicing:
            yield Note(start, ticks, "pad", piece.character.pad, pitch, level)


def _root(piece: Piece, degree: int) -> int:
    return _BASS_LOW + (piece.key.pitch(degree, degree) - _BASS_LOW) % 12


def _bass(piece: Piece, degree: int, start: int, layer: int, groove: Groove) -> Iterator[Note]:
    """Play the bass line of one bar; the thinnest layer only plays the root."""
    meter, sound = piece.meter, piece.character.bass
    if sound == "none":
        return
    root = _root(piece, degree)
    fifth = root + (piece.key.pitch(degree + 4, degree) - piece.key.pitch(degree, degree)) % 12
    tones = (root, root + 12, fifth)
    for note in groove.bass if layer > 1 else (BassNote(0, meter.bar, 0),):
        level = 96 if note.tick == 0 else 82
        ticks = min(note.ticks, meter.bar - note.tick)
        yield Note(start + note.tick, ticks, "bass", sound, tones[note.tone], level)


def _arp(piece: Piece, degree: int, start: int, layer: int, figure: _Figure) -> Iterator[Note]:
    """Break the chord of one bar into a figure."""
    meter, character = piece.meter, piece.character
    if character.arp == "none" or (layer == 1 and character.pad != "none" and character.energy >= 0):
        return
    low = _ARP_LOW - (12 if character.arp in {"ostinato", "guitar"} else 0)
    tones = sorted(low + (pitch - low) % 12 for pitch in piece.key.chord(degree, 3 + character.sevenths))
    ladder = [*tones, tones[0] + 12]
    if character.line == "waltz":
        yield from _oompah(character.arp, meter, ladder, start)
        return
    for index, (tick, following) in enumerate(pairwise((*figure.ticks, meter.bar + 6))):
        late = character.swing if tick % 12 == 6 else 0  # the second eighth of a quarter
        level = 78 if tick in meter.beats else 64
        pitch = ladder[figure.tones[index % len(figure.tones)]]
        yield Note(start + tick + late, min(following - tick, 24), "arp", character.arp, pitch, level + 4 * layer)


def _oompah(sound: str, meter: Meter, ladder: list[int], start: int) -> Iterator[Note]:
    """Answer the bass with chords on the other beats."""
    for tick in meter.beats[1:]:
        for pitch in ladder[:3]:
            yield Note(start + tick, 10, "arp", sound, pitch, 62)


def _close(piece: Piece, voicing: tuple[int, ...]) -> Iterator[Note]:
    """End on the tonic: chord, bass, a rising figure, the tune's last note, and a stroke."""
    character, start = piece.character, piece.bars * piece.meter.bar
    ticks = piece.end - start
    chord = piece.key.chord(0, 3)
    yield from _chord(piece, voice(chord, voicing[:3], _PAD_LOW), start, ticks, 78)
    if character.bass != "none":
        yield Note(start, ticks, "bass", character.bass, _root(piece, 0), 92)
    if character.arp != "none":
        for index, pitch in enumerate(sorted(_ARP_LOW + (pitch - _ARP_LOW) % 12 for pitch in chord)):
            yield Note(start + 2 * index, ticks, "arp", character.arp, pitch, 74)
    if character.lead != "none" and piece.bars:
        yield Note(start, ticks, "lead", character.lead, _ARP_LOW + 12 + chord[0] % 12, 70)
    kit = KITS.get(character.kit)
    if kit and piece.bars:
        yield Note(start, 12, "low", kit.low, 0, 100 * kit.loud // 100)
