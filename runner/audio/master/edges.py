"""Where a piece begins and ends: cuts, fades, an exact length, and a loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from runner.audio.master.blocks import BLOCK, cut, grouped, held_back
from runner.audio.master.failure import MasterFailed
from runner.frozen import dataclass
from runner.records.mastering import SILENCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from runner.audio.master.blocks import Block
    from runner.records.mastering import Mastering

SILENT = 10 ** (-60 / 20)
"""An amplitude below this counts as silence."""
KEPT_BEFORE_S, KEPT_AFTER_S = 0.005, 0.05
"""How much silence stays before the first sound and after the last one; the piece is faded there."""
RAMP_S = 0.005
"""A fade where a piece was cut, too short to be heard, so that the cut makes no click."""
EXACT_RAMP_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Which samples of a take are kept, from `start` up to `end`, and how long it is ramped up and down there."""

    start: int = 0
    end: int | None = None
    ramp_in: int = 0
    ramp_out: int = 0

    @property
    def samples(self) -> int | None:
        """Return how many samples are kept; None when the end was not searched for."""
        return None if self.end is None else self.end - self.start


def cut_of(settings: Mastering, blocks: Callable[[], Iterator[Block]], rate_hz: int) -> Cut:
    """Return what `trim` keeps of a take, which is read for it where that matters. Raises MasterFailed when that is nothing."""
    if settings.trim is None and settings.exact_s is None and settings.loop_s is None:
        return Cut()
    samples, first, last = _extent(blocks())
    if settings.trim is None:
        return Cut(end=samples)
    if settings.trim == SILENCE:
        if first is None or last is None:
            raise MasterFailed("trim: silence leaves nothing: the take is silent", help="choose another take")
        start, end = first - _in(KEPT_BEFORE_S, rate_hz), last + 1 + _in(KEPT_AFTER_S, rate_hz)
    else:
        start, end = _in(settings.trim[0], rate_hz), _in(settings.trim[1], rate_hz)
        if start >= samples:
            message = f"trim leaves nothing: it begins at {settings.trim[0]:g} s, and the take ends at"
            raise MasterFailed(f"{message} {samples / rate_hz:.2f} s", help="let it begin earlier")
    start, end = max(0, start), min(samples, end)
    ramps = settings.loop_s is None
    return Cut(
        start=start,
        end=end,
        ramp_in=_in(RAMP_S, rate_hz) if ramps and start else 0,
        ramp_out=_in(RAMP_S, rate_hz) if ramps and end < samples else 0,
    )


def check(settings: Mastering, seconds: float) -> None:
    """Raise MasterFailed when a piece of this length is too short for its loop or its fades."""
    crossfade = settings.loop_s or 0.0
    if settings.exact_s is not None:
        needed = settings.exact_s + crossfade
        if crossfade and seconds < needed:
            message = f"loop and length: exact need {needed:.2f} s of audio, and there are {seconds:.2f} s"
            raise MasterFailed(message, help="shorten the crossfade, or leave out one of both")
        seconds = needed
    if seconds < 2 * crossfade:
        message = f"the piece of {seconds:.2f} s is too short for a loop with a crossfade of {crossfade:g} s"
        raise MasterFailed(message, help="write a crossfade of at most half of its length")
    fades = settings.fade_in_s + settings.fade_out_s
    if fades > seconds:
        message = f"the fades take {fades:g} s, and the piece is {seconds:.2f} s long"
        raise MasterFailed(message, help="shorten the fades")


def shaped(settings: Mastering, blocks: Iterable[Block], kept: Cut, rate_hz: int) -> Iterator[Block]:
    """Yield what is kept of a take, with the exact length: of a loop, with the tail that is mixed into the head."""
    if kept != Cut():
        blocks = _faded(cut(blocks, kept.start, kept.end), kept.ramp_in, kept.ramp_out)
    if settings.exact_s is None or kept.samples is None:
        return iter(blocks)
    crossfade = _in(settings.loop_s or 0.0, rate_hz)
    wanted = _in(settings.exact_s, rate_hz) + crossfade
    if wanted == kept.samples:
        return iter(blocks)
    ramp = 0 if crossfade else min(_in(EXACT_RAMP_S, rate_hz), wanted, kept.samples)
    return _padded(_faded(cut(blocks, 0, wanted), 0, ramp), wanted)


def faded(settings: Mastering, blocks: Iterable[Block], rate_hz: int) -> Iterator[Block]:
    """Fade in and out along a quarter of a sine: of equal power, as FFmpeg's curve `qsin`."""
    return _faded(blocks, _in(settings.fade_in_s, rate_hz), _in(settings.fade_out_s, rate_hz))


def tail_of(blocks: Iterable[Block], crossfade_s: float, rate_hz: int) -> Block:
    """Return the tail of a piece that is to be a loop."""
    passed = held_back(blocks, _in(crossfade_s, rate_hz))
    while True:
        try:
            next(passed)
        except StopIteration as end:
            return cast("Block", end.value)


def looped(blocks: Iterable[Block], tail: Block) -> Iterator[Block]:
    """Mix the tail into the head with equal power and leave it out at the end: where a piece ends it goes on at its start."""
    count, at = len(tail), 0
    rise = _quarter(0, count, count)
    mixed = tail * rise[::-1]
    passed = held_back(blocks, count)
    for block in grouped(passed):
        head = max(0, min(len(block), count - at))
        if head:
            yield np.concatenate((block[:head] * rise[at : at + head] + mixed[at : at + head], block[head:]))
        else:
            yield block
        at += len(block)


def _in(seconds: float, rate_hz: int) -> int:
    return round(seconds * rate_hz)


def _extent(blocks: Iterable[Block]) -> tuple[int, int | None, int | None]:
    """Return how many samples there are, and the first and the last one that can be heard."""
    at, first, last = 0, None, None
    for block in blocks:
        if float(np.maximum(block.max(), -block.min())) >= SILENT:
            loud = np.flatnonzero(np.abs(block).max(axis=1) >= SILENT)
            first = at + int(loud[0]) if first is None else first
            last = at + int(loud[-1])
        at += len(block)
    return at, first, last


def _faded(blocks: Iterable[Block], rise: int, fall: int) -> Iterator[Block]:
    if rise:
        blocks = _risen(blocks, rise)
    return _fallen(blocks, fall) if fall else iter(blocks)


def _risen(blocks: Iterable[Block], count: int) -> Iterator[Block]:
    at = 0
    for block in blocks:
        if at < count:
            head = min(len(block), count - at)
            yield np.concatenate((block[:head] * _quarter(at, head, count), block[head:]))
        else:
            yield block
        at += len(block)


def _fallen(blocks: Iterable[Block], count: int) -> Iterator[Block]:
    tail = yield from held_back(blocks, count)
    if len(tail):
        yield tail * _quarter(0, len(tail), len(tail))[::-1]


def _quarter(at: int, count: int, whole: int) -> Block:
    """Return a part of a quarter of a sine of `whole` samples, as a column."""
    steps = (np.arange(at, at + count, dtype=np.float64) + 0.5) / whole
    curve: Block = np.sin(steps * (np.pi / 2)).astype(np.float32)[:, None]
    return curve


def _padded(blocks: Iterable[Block], samples: int) -> Iterator[Block]:
    """Add silence up to so many samples."""
    left, channels = samples, 1
    for block in blocks:
        left, channels = left - len(block), block.shape[1]
        yield block
    while left > 0:
        yield np.zeros((min(left, BLOCK), channels), np.float32)
        left -= BLOCK
