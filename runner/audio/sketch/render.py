"""Render notes to samples block by block, so that ten minutes fit in memory."""

from __future__ import annotations

from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from runner.audio.sketch.effects import Comb, Room, finish, makeup, powers
from runner.audio.sketch.instruments import tone
from runner.audio.sketch.percussion import stroke
from runner.audio.sketch.waves import ramp

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from runner.audio.sketch.score import Note
    from runner.audio.sketch.waves import Wave

Pcm = npt.NDArray[np.int16]

_BLOCK_FIFTHS = 13
_ECHO_TICKS = (9, 6)
_CACHED_SAMPLES = 1 << 24
_FADE_S = 1.5
_LEAD_IN_BLOCKS = 2
_LONGEST_S = 12
"""No note sounds longer into the lead-in of a loop."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a part is placed: gain to the left and right, and its shares of room and echo."""

    left: float
    right: float
    room: float
    echo: float


PLACES = {
    "pad left": Place(0.52, 0.12, 0.55, 0.0),
    "pad right": Place(0.12, 0.52, 0.55, 0.0),
    "arp": Place(0.44, 0.68, 0.5, 0.25),
    "lead": Place(0.85, 0.68, 0.6, 0.35),
    "bass": Place(0.66, 0.66, 0.08, 0.0),
    "low": Place(1.25, 1.25, 0.1, 0.0),
    "top": Place(1.10, 0.90, 0.25, 0.0),
}

_WIDE = {"pad left": 0.9985, "pad right": 1.0015}


class _Cache:
    """A cache of notes, emptied when it grows too large."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._waves: dict[tuple[str, str, int, int], Wave] = {}
        self._samples = 0

    def wave(self, part: str, note: Note, length: int) -> Wave:
        """Return the wave of a note, at full strength."""
        key = (part if part in _WIDE else "", note.sound, note.pitch, length)
        wave = self._waves.get(key)
        if wave is None:
            if part in {"low", "top"}:
                wave = stroke(note.sound, note.pitch, self._rate_hz)
            else:
                wave = tone(note.sound, note.pitch, length, self._rate_hz, detune=_WIDE.get(part, 1.0))
            if self._samples > _CACHED_SAMPLES:
                self._waves.clear()
                self._samples = 0
            self._waves[key] = wave
            self._samples += len(wave)
        return wave


@dataclass(frozen=True, slots=True)
class Stage:
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
    for number, parts in enumerate(_blocks(notes, stage)):
        block = desk.mix(parts)
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


def _blocks(notes: list[Note], stage: Stage) -> Iterator[dict[str, Wave]]:
    """Yield what each part plays, block after block, each about three seconds long."""
    size = _block_size(stage.rate_hz)
    cues = sorted(_cues(notes, stage), key=itemgetter(0))
    cache = _Cache(stage.rate_hz)
    scratch = np.empty(size, dtype=np.float32)
    sounding: list[tuple[int, str, int, Wave]] = []
    upcoming = 0
    for start in range(0, stage.lead_in + stage.samples, size):
        while upcoming < len(cues) and cues[upcoming][0] < start + size:
            at, part, note = cues[upcoming]
            length = round(note.ticks * stage.tick_samples)
            wave = cache.wave(part, note, length)
            if at + len(wave) > start:
                sounding.append((at, part, note.level, wave))
            upcoming += 1
        parts: dict[str, Wave] = {}
        for at, part, level, wave in sounding:
            if part not in parts:
                parts[part] = np.zeros(size, dtype=np.float32)
            first, last = max(at, start), min(at + len(wave), start + size)
            played = np.multiply(wave[first - at : last - at], np.float32(level / 100), out=scratch[: last - first])
            parts[part][first - start : last - start] += played
        sounding = [cue for cue in sounding if cue[0] + len(cue[3]) > start + size]
        yield parts


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
    """The mixing desk: places the parts, feeds echo and room, and keeps their tails from block to block."""

    def __init__(self, stage: Stage) -> None:
        self._buffers = np.empty((4, 2, _block_size(stage.rate_hz)), dtype=np.float32)
        self._room = Room(stage.rate_hz, 0.7 + 0.05 * stage.space)
        self._echoes = [Comb(round(ticks * stage.tick_samples), 0.35) for ticks in _ECHO_TICKS]
        self._wet = 0.5 + 0.1 * stage.space

    def mix(self, parts: Mapping[str, Wave]) -> Wave:
        """Mix one block of parts to (2, samples)."""
        room, echo, placed, share = self._buffers
        dry = np.zeros_like(room)
        room.fill(0)
        echo.fill(0)
        for name, place in PLACES.items():
            if name in parts:
                np.multiply(parts[name], np.float32(place.left), out=placed[0])
                np.multiply(parts[name], np.float32(place.right), out=placed[1])
                dry += placed
                room += np.multiply(placed, np.float32(place.room), out=share)
                if place.echo:
                    echo += np.multiply(placed, np.float32(place.echo), out=share)
        for side, comb in enumerate(self._echoes):
            comb.add(echo[side], dry[side])
        self._room.add(room, dry, self._wet)
        return dry


def _fade(block: Wave, start: int, stage: Stage) -> None:
    """Fade the part of a block that lies in the last stretch of the piece."""
    length = min(round(_FADE_S * stage.rate_hz), max(1, stage.samples // 4))
    into = start - (stage.samples - length)
    first = max(0, -into)
    if first < block.shape[1]:
        block[:, first:] *= ramp(length)[::-1][into + first : into + block.shape[1]]
