"""Render notes to samples block by block, so that ten minutes fit in memory."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from runner.audio.scratch import scratch
from runner.audio.sketch.effects import Comb, Doubler, Room, finish, makeup, powers
from runner.audio.sketch.instruments import Copy, Tone, whole_note
from runner.audio.sketch.percussion import stroke
from runner.audio.sketch.waves import ramp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.audio.sketch.score import Note
    from runner.audio.sketch.waves import Wave

Pcm = npt.NDArray[np.int16]

_BLOCK_FIFTHS = 5
"""A block of a second: less would be more calls, more would not fit in the processor's own memory."""
_ECHO_TICKS = (9, 6)
_FADE_S = 1.5
_LEAD_IN_BLOCKS = 6
_LONGEST_S = 12
"""No note sounds longer into the lead-in of a loop."""
_KEPT_BLOCKS = 60
"""The memory of so many blocks is used again for the next piece."""


class Strip(NamedTuple):
    """A row of the desk and its gain; the rows at half the sample rate are half as loud as they are heard."""

    row: int
    gain: float
    is_half: bool = False


_STRIPS = {
    "pad left": Strip(0, 0.265, is_half=True),
    "pad right": Strip(1, 0.265, is_half=True),
    "bass": Strip(2, 0.33, is_half=True),
    "arp": Strip(0, 0.68),
    "lead": Strip(1, 0.68),
    "top": Strip(2, 0.9),
    "low": Strip(3, 1.25),
}
"""On which strip of the desk a part is played. What has few high tones is made at half the sample rate, in half the time."""
_FURTHER_LEFT, _ARP_LESS = np.float32(1.25), np.float32(0.6)
"""How much louder than on the right arp, lead and top are on the left, and how much of that the arp is not."""
_ECHO = np.float32(0.075)
_WIDE = {"pad left": 0.9985, "pad right": 1.0015}
_REPEATED_S = 1
"""A shorter note is likely to come again, and to copy it takes less time than to make it."""


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
    size = _block_size(stage.rate_hz)
    kept = scratch("piece", (min(-(-stage.samples // size), _KEPT_BLOCKS), 2, size), np.float32)
    desk = _Desk(stage)
    blocks: list[Wave] = []
    fifths: list[int] = []
    for number in _played(notes, stage, desk):
        block = kept[len(blocks)] if len(blocks) < len(kept) else np.empty((2, size), np.float32)
        desk.mix(block)
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


def _played(notes: list[Note], stage: Stage, desk: _Desk) -> Iterator[int]:
    """Play a block of notes on the strips of the desk, yield its number, and go on with the next one."""
    size = _block_size(stage.rate_hz)
    cues = sorted(_cues(notes, stage), key=itemgetter(0))
    sounding: list[tuple[int, Wave, Tone | Copy]] = []
    upcoming = 0
    for number, start in enumerate(range(0, stage.lead_in + stage.samples, size)):
        while upcoming < len(cues) and cues[upcoming][0] < start + size:
            at, part, note = cues[upcoming]
            row = desk.row(part)
            sounding.append((at * len(row) // size, row, _sound(part, note, stage)))
            upcoming += 1
        desk.clear()
        for at, row, sound in sounding:
            begin = number * len(row)
            first, last = max(at, begin), min(at + sound.count, begin + len(row))
            if first < last:
                sound.add(first - at, last - at, row[first - begin : last - begin])
        sounding = [cue for cue in sounding if cue[0] + cue[2].count > (number + 1) * len(cue[1])]
        yield number


def _sound(part: str, note: Note, stage: Stage) -> Tone | Copy:
    _, gain, is_half = _STRIPS[part]
    level = gain * note.level / 100
    if part in {"low", "top"}:
        return Copy(stroke(note.sound, note.pitch, stage.rate_hz), level)
    share = 2 if is_half else 1
    rate_hz, length = stage.rate_hz / share, round(note.ticks * stage.tick_samples / share)
    if part not in _WIDE and length < _REPEATED_S * rate_hz:
        return Copy(whole_note(note.sound, note.pitch, length, rate_hz), level)
    return Tone(note.sound, note.pitch, length, rate_hz, detune=_WIDE.get(part, 1.0), level=level)


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
        size = _block_size(stage.rate_hz)
        self._half = scratch("half strips", (3, size // 2), np.float32)
        self._whole = scratch("whole strips", (4, size), np.float32)
        self._wet = scratch("wet", (2, size // 2), np.float32)
        self._echo, self._dull = scratch("sent", (2, size // 2), np.float32)
        self._tuned = scratch("tuned", (size,), np.float32)
        self._room = Room(stage.rate_hz / 2, 0.64 + 0.06 * stage.space, 0.5 + 0.1 * stage.space)
        self._echoes = [Comb(round(ticks * stage.tick_samples / 2), 0.35) for ticks in _ECHO_TICKS]
        self._doubler = Doubler()

    def row(self, part: str) -> Wave:
        """Return the samples of the strip of a part, to which its notes are added."""
        row, _, is_half = _STRIPS[part]
        strip: Wave = self._half[row] if is_half else self._whole[row]
        return strip

    def clear(self) -> None:
        """Begin a block in silence."""
        self._half.fill(0)
        self._whole.fill(0)

    def mix(self, out: Wave) -> None:
        """Mix a block of the strips to `out` (2, samples). The room answers all but bass and low drums."""
        arp, lead, top, low = self._whole
        pads, wet, dull = self._half[:2], self._wet, self._dull
        tuned = np.add(arp, lead, out=self._tuned)
        np.add(tuned[::2], tuned[1::2], out=self._echo)
        self._echo *= _ECHO
        near = np.add(tuned, top, out=tuned)
        np.add(pads[0], pads[1], out=dull)
        dull += dull
        dull += np.add(near[::2], near[1::2], out=wet[0])
        self._room.answer(dull, wet)
        wet += pads
        wet += self._half[2]
        for side, comb in zip(wet, self._echoes, strict=True):
            np.add(side, comb.late(self._echo), out=side)
        self._doubler.write(wet, out)
        left, right = out
        right += near
        near *= _FURTHER_LEFT
        arp *= _ARP_LESS
        near -= arp
        left += near
        out += low


def _fade(block: Wave, start: int, stage: Stage) -> None:
    """Fade the part of a block that lies in the last stretch of the piece."""
    length = min(round(_FADE_S * stage.rate_hz), max(1, stage.samples // 4))
    into = start - (stage.samples - length)
    first = max(0, -into)
    if first < block.shape[1]:
        block[:, first:] *= ramp(length)[::-1][into + first : into + block.shape[1]]
