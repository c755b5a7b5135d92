"""Audio of blocks: one after the other, several at once, and a part of one."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from runner.audio.local.orders import LocalFailed
from runner.audio.master.blocks import BLOCK, cut, held_back

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from runner.audio.local.orders import Source, Stinger
    from runner.audio.master.blocks import Block


def concatenated(sources: Sequence[Source], inputs: Sequence[Iterator[Block]], crossfade: int) -> Iterator[Block]:
    """Yield one input after the other; the last `crossfade` samples of each are mixed with equal power into the next one.

    Raises LocalFailed when one is too short for its crossfades.
    """
    tail: Block | None = None
    for number, (source, blocks) in enumerate(zip(sources, inputs, strict=True)):
        if tail is not None and crossfade:
            head, rest = _head(source, blocks, crossfade)
            rise = _quarter(crossfade)
            yield tail * rise[::-1] + head * rise
        else:
            rest = blocks
        is_last = number == len(sources) - 1
        tail = yield from _all_but_tail(source, rest, 0 if is_last else crossfade)


def _head(source: Source, blocks: Iterator[Block], count: int) -> tuple[Block, Iterator[Block]]:
    """Return the first samples of an input, and the rest."""
    held: list[Block] = []
    size = 0
    for block in blocks:
        held.append(block)
        size += len(block)
        if size >= count:
            break
    if size < count:
        raise _too_short(source)
    whole = np.concatenate(held)
    return whole[:count], chain([whole[count:]], blocks)


def _all_but_tail(source: Source, blocks: Iterator[Block], count: int) -> Generator[Block, None, Block | None]:
    """Yield what is before the last `count` samples, and return these."""
    if not count:
        yield from blocks
        return None
    tail = yield from held_back(blocks, count)
    if len(tail) < count:
        raise _too_short(source)
    return tail


def _too_short(source: Source) -> LocalFailed:
    return LocalFailed(f"{source.name} is too short for its crossfades", help="write a shorter crossfade")


def mixed(inputs: Sequence[Iterator[Block]], offsets: Sequence[int], channels: int) -> Iterator[Block]:
    """Yield the sum of all inputs, each from its offset in samples on, to the end of the last one."""
    voices = [_Voice(blocks, offset, channels) for blocks, offset in zip(inputs, offsets, strict=True)]
    while True:
        pieces = [piece for voice in voices if (piece := voice.take(BLOCK)) is not None]
        if not pieces:
            return
        total = np.zeros((max(map(len, pieces)), channels), np.float32)
        for piece in pieces:
            total[: len(piece)] += piece
        yield total


class _Voice:
    """One input of a mix, with silence before its offset."""

    def __init__(self, blocks: Iterator[Block], offset: int, channels: int) -> None:
        self._blocks, self._silence, self._channels = blocks, offset, channels
        self._left: Block = np.zeros((0, channels), np.float32)

    def take(self, count: int) -> Block | None:
        """Return the next samples, fewer at the end; None after it."""
        silence = min(count, self._silence)
        self._silence -= silence
        found: list[Block] = [np.zeros((silence, self._channels), np.float32)] if silence else []
        missing = count - silence
        while missing:
            if not len(self._left):
                following = next(self._blocks, None)
                if following is None:
                    break
                self._left = following
            found.append(self._left[:missing])
            missing -= len(found[-1])
            self._left = self._left[len(found[-1]) :]
        return np.concatenate(found) if found else None


def stung(order: Stinger, source: Source, blocks: Iterator[Block], rate_hz: int) -> Iterator[Block]:
    """Yield the part of an input that a stinger is, with its fades. Raises LocalFailed when the input ends before."""
    start, length = round(order.start_s * rate_hz), round(order.length_s * rate_hz)
    rise, fall = round(order.fade_in_s * rate_hz), round(order.fade_out_s * rate_hz)
    at = 0
    for block in cut(blocks, start, start + length):
        piece = block.copy()
        head, tail = max(0, min(len(piece), rise - at)), max(0, at + len(piece) - (length - fall))
        if head:
            piece[:head] *= _quarter(rise)[at : at + head]
        if tail:
            first = max(0, at - (length - fall))
            piece[len(piece) - min(tail, len(piece)) :] *= _quarter(fall)[::-1][
                first : at + len(piece) - (length - fall)
            ]
        at += len(piece)
        yield piece
    if at < length:
        ends = f"{source.name} is {(start + at) / rate_hz:.2f} s long" if at else f"{source.name} ends before"
        raise LocalFailed(
            f"{ends}, and the stinger goes from {order.start_s:.2f} s to {order.start_s + order.length_s:.2f} s",
            help="begin in an earlier bar, or take fewer bars",
        )


def _quarter(count: int) -> Block:
    """Return a rise along a quarter of a sine: of equal power with its reverse."""
    steps = (np.arange(count, dtype=np.float64) + 0.5) * (np.pi / 2 / max(1, count))
    rise: Block = np.sin(steps).astype(np.float32)[:, None]
    return rise
