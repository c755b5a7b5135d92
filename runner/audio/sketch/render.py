"""Render notes to samples block by block, so that ten minutes fit in memory."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from runner.audio.sketch.effects import Comb, Room, finish, makeup, powers
from runner.audio.sketch.instruments import Tone
from runner.audio.sketch.percussion import Hit
from runner.audio.sketch.waves import ramp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.audio.sketch.score import Note
    from runner.audio.sketch.waves import Wave

Pcm = npt.NDArray[np.int16]

_BLOCK_FIFTHS = 5
"""A block of a second: what is worked on at once fits in the processor's own memory."""
_ECHO_TICKS = (9, 6)
_FADE_S = 1.5
_LEAD_IN_BLOCKS = 6
_LONGEST_S = 12
"""No note sounds longer into the lead-in of a loop."""


class Spread(Struct, frozen=True):
    """Gain to the left and right, and the share of echo."""

    left: float
    right: float
    echo: float = 0.0


_STRIPS = {
    "pad left": ("left", 0.53),
    "pad right": ("right", 0.53),
    "bass": ("centre", 0.66),
    "low": ("centre", 1.25),
    "arp": ("arp", 1.0),
    "lead": ("lead", 1.0),
    "top": ("top", 1.0),
}
"""On which strip of the desk a part is played, and with what gain."""
_SPREADS = {"arp": Spread(0.44, 0.68, echo=0.14), "lead": Spread(0.85, 0.68, echo=0.26), "top": Spread(1.10, 0.90)}
_ROWS = {"left": 0, "right": 1, "centre": 2, "arp": 3, "lead": 4, "top": 5}
_WIDE = {"pad left": 0.9985, "pad right": 1.0015}


class Stage(Struct, frozen=True):
    """What the notes are played on: the samples in a tick, the whole length, and how far the room carries (0 to 3).

    What `loops` has no fade, and begins with what still sounds of its end.
    """

    rate_hz: int
    tick_samples: float
    samples: int
    space: int
    loops: bool = False

    @property
    def lead_in(self) -> int:
        """Return the samples that are played before the first one that is kept: whole blocks, the end of a loop."""
        return _LEAD_IN_BLOCKS * _block_size(self.rate_hz) if self.loops else 0


def render(notes: list[Note], stage: Stage) -> Pcm:
    """Play notes into (samples, 2) 16-bit integers at about -16 LUFS, with a fade unless it loops, and no sample clipped."""
    desk = _Desk(stage)
    blocks: list[Wave] = []
    fifths: list[int] = []
    for number, (strips, played) in enumerate(_blocks(notes, stage)):
        block = desk.mix(strips, played)
        if stage.loops and number < _LEAD_IN_BLOCKS:
            continue
        fifths += powers(block, stage.rate_hz)
        blocks.append(block)
    gain = makeup(fifths, stage.rate_hz)
    pcm = np.empty((stage.samples, 2), dtype=np.int16)
    start = 0
    while blocks:
        block = blocks.pop(0)[:, : stage.samples - start]
        if not stage.loops:
            _fade(block, start, stage)
        finish(block, gain, pcm[start : start + block.shape[1]])
        start += block.shape[1]
    return pcm


def _block_size(rate_hz: int) -> int:
    """Return the samples in a block: whole fifths of a second."""
    return rate_hz // 10 * 2 * _BLOCK_FIFTHS


def _blocks(notes: list[Note], stage: Stage) -> Iterator[tuple[Wave, frozenset[str]]]:
    """Yield the strips of the desk, and which of them are played on, a second at a time; the next block overwrites it."""
    size = _block_size(stage.rate_hz)
    cues = sorted(_cues(notes, stage), key=itemgetter(0))
    strips = np.empty((len(_ROWS), size), dtype=np.float32)
    sounding: list[tuple[int, str, Tone | Hit]] = []
    upcoming = 0
    for start in range(0, stage.lead_in + stage.samples, size):
        while upcoming < len(cues) and cues[upcoming][0] < start + size:
            at, part, note = cues[upcoming]
            strip, gain = _STRIPS[part]
            sound = _sound(part, note, gain * note.level / 100, stage)
            if at + sound.count > start:
                sounding.append((at, strip, sound))
            upcoming += 1
        played = frozenset(strip for _, strip, _ in sounding)
        for strip in played | {"left", "right"}:
            strips[_ROWS[strip]].fill(0)
        for at, strip, sound in sounding:
            first, last = max(at, start), min(at + sound.count, start + size)
            sound.add(first - at, last - at, strips[_ROWS[strip], first - start : last - start])
        sounding = [cue for cue in sounding if cue[0] + cue[2].count > start + size]
        yield strips, played


def _sound(part: str, note: Note, level: float, stage: Stage) -> Tone | Hit:
    if part in {"low", "top"}:
        return Hit(note.sound, note.pitch, stage.rate_hz, level)
    length = round(note.ticks * stage.tick_samples)
    return Tone(note.sound, note.pitch, length, stage.rate_hz, detune=_WIDE.get(part, 1.0), level=level)


def _cues(notes: list[Note], stage: Stage) -> Iterator[tuple[int, str, Note]]:
    """Yield (first sample, part, note); a pad plays once on each side, and what a loop plays last also leads in to it."""
    earliest = -_LONGEST_S * stage.rate_hz if stage.loops else 0
    for note in notes:
        at = round(note.tick * stage.tick_samples)
        if at >= stage.samples:
            continue
        at += stage.lead_in
        while at >= earliest:
            for part in _WIDE if note.part == "pad" else (note.part,):
                yield at, part, note
            if not stage.loops:
                break
            at -= stage.samples


class _Desk:
    """The mixing desk: spreads the strips, feeds echo and room, and keeps their tails from block to block."""

    def __init__(self, stage: Stage) -> None:
        self._echo, self._share = np.empty((2, _block_size(stage.rate_hz)), np.float32)
        self._room = Room(stage.rate_hz, 0.7 + 0.05 * stage.space)
        self._echoes = [Comb(round(ticks * stage.tick_samples), 0.35) for ticks in _ECHO_TICKS]
        self._wet = 0.5 + 0.1 * stage.space

    def mix(self, strips: Wave, played: frozenset[str]) -> Wave:
        """Mix one block of strips, which is overwritten, to (2, samples). The room answers all but the centre."""
        far = strips[:2]
        self._echo.fill(0)
        for strip in (strip for strip in _SPREADS if strip in played):
            self._spread(strips[_ROWS[strip]], _SPREADS[strip], far)
        dry = far + strips[_ROWS["centre"]] if "centre" in played else far.copy()
        for side, comb in zip(dry, self._echoes, strict=True):
            comb.add(self._echo, side)
        self._room.add(far, dry, self._wet)
        return dry

    def _spread(self, strip: Wave, spread: Spread, far: Wave) -> None:
        outs = [(far[0], spread.left), (far[1], spread.right)]
        for out, gain in [*outs, (self._echo, spread.echo)] if spread.echo else outs:
            np.add(out, np.multiply(strip, np.float32(gain), out=self._share), out=out)


def _fade(block: Wave, start: int, stage: Stage) -> None:
    """Fade the part of a block that lies in the last stretch of the piece."""
    length = min(round(_FADE_S * stage.rate_hz), max(1, stage.samples // 4))
    into = start - (stage.samples - length)
    first = max(0, -into)
    if first < block.shape[1]:
        block[:, first:] *= ramp(length)[::-1][into + first : into + block.shape[1]]
