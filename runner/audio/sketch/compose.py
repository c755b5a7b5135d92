"""Notes from a character: chords with voice-leading, bass, figures and a tune over a plan of phrases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.audio.sketch.drums import KITS, drums
from runner.audio.sketch.melody import Tune
from runner.audio.sketch.score import Note, phrases
from runner.audio.sketch.theory import voice

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
    """Everything that stays the same through one piece. `end` is its last tick, in which the closing chord rings."""

    character: Character
    key: Key
    meter: Meter
    bars: int
    bar_s: float
    end: int


def compose_notes(piece: Piece, chances: dict[str, Chance]) -> list[Note]:
    """Write all notes of a piece; `chances` has one stream for `form`, `tune`, `arp` and `drums` each."""
    plan = phrases(
        bars=piece.bars,
        meter=piece.meter,
        bar_s=piece.bar_s,
        key=piece.key,
        energy=piece.character.energy,
        chance=chances["form"],
    )
    tune = Tune.draw(piece.key, piece.meter, piece.character, chances["tune"])
    figure = chances["arp"].pick(_FIGURES)
    kit = KITS.get(piece.character.kit)
    voicing: tuple[int, ...] = ()
    notes: list[Note] = []
    for number, phrase in enumerate(plan):
        for bar, degree in enumerate(phrase.chords):
            start = phrase.tick + bar * piece.meter.bar
            voicing = voice(piece.key.chord(degree, 3 + piece.character.sevenths), voicing, _PAD_LOW)
            notes += _chord(piece, voicing, start, piece.meter.bar, 60 + 8 * phrase.layer)
            notes += _bass(piece, degree, start, phrase.layer)
            notes += _arp(piece, degree, start, phrase.layer, figure)
        notes += tune.play(phrase, last=number == len(plan) - 1)
        if kit and (phrase.layer > 1 or piece.character.energy >= 0):
            notes += drums(kit, phrase, piece.meter, piece.character.swing, chances["drums"])
    return [*notes, *_close(piece, voicing)]


def _chord(piece: Piece, voicing: tuple[int, ...], start: int, ticks: int, level: int) -> Iterator[Note]:
    if piece.character.pad != "none":
        for pitch in voicing:
            yield Note(start, ticks, "pad", piece.character.pad, pitch, level)


def _root(piece: Piece, degree: int) -> int:
    return _BASS_LOW + (piece.key.pitch(degree, degree) - _BASS_LOW) % 12


def _bass(piece: Piece, degree: int, start: int, layer: int) -> Iterator[Note]:
    """Play the bass line of one bar; the thinnest layer only plays the root."""
    meter, sound = piece.meter, piece.character.bass
    if sound == "none":
        return
    root = _root(piece, degree)
    fifth = root + (piece.key.pitch(degree + 4, degree) - piece.key.pitch(degree, degree)) % 12
    for tick, ticks, pitch in _line(piece.character.line if layer > 1 else "hold", meter, root, fifth):
        level = 96 if tick == 0 else 82
        yield Note(start + tick, min(ticks, meter.bar - tick), "bass", sound, pitch, level)


def _line(line: str, meter: Meter, root: int, fifth: int) -> list[tuple[int, int, int]]:
    """Return (tick, length, pitch) for one bar of a bass line."""
    beats, bar = meter.beats, meter.bar
    if line == "pulse":
        return [(tick, 5, root) for tick in range(0, bar, 6)]
    if line == "octave":
        return [(tick, 5, root + 12 * (tick // 6 % 2)) for tick in range(0, bar, 6)]
    if line == "walk":
        return [(tick, 11, (root, root + 12, fifth, root + 12)[index % 4]) for index, tick in enumerate(beats)]
    if line == "late":
        return [(tick, ticks, root) for tick, ticks in ((0, 15), (18, 12), (36, 8), (42, 6)) if tick < bar]
    if line == "fifths":
        return [(0, bar // 2, root), (beats[(len(beats) + 1) // 2] if len(beats) > 1 else 0, bar // 2, fifth)]
    if line == "waltz":
        return [(0, beats[-1] or bar, root)]
    return [(0, bar, root)]


def _arp(piece: Piece, degree: int, start: int, layer: int, figure: tuple[int, ...]) -> Iterator[Note]:
    """Break the chord of one bar into a figure: eighths, or sixteenths when there is energy and room."""
    meter, character = piece.meter, piece.character
    if character.arp == "none" or (layer == 1 and character.pad != "none" and character.energy >= 0):
        return
    low = _ARP_LOW - (12 if character.arp in {"ostinato", "guitar"} else 0)
    tones = sorted(low + (pitch - low) % 12 for pitch in piece.key.chord(degree, 3 + character.sevenths))
    ladder = [*tones, tones[0] + 12]
    bar_eighth_s = piece.bar_s * 6 / meter.bar
    step = 3 if character.energy > 1 and bar_eighth_s > 0.18 else 6  # 0.09 s is a quick sixteenth
    if character.line == "waltz":
        yield from _oompah(character.arp, meter, ladder, start)
        return
    for index, tick in enumerate(range(0, meter.bar, step)):
        late = character.swing if tick % 12 == 6 else 0  # the second eighth of a quarter
        level = 78 if tick in meter.beats else 60
        yield Note(start + tick + late, step * 2, "arp", character.arp, ladder[figure[index % 4]], level + 4 * layer)


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
