"""A limiter: the curve of gains that keeps the true peaks of a piece below a ceiling.

The curve follows from the peaks of the whole piece, so it looks ahead, and a loop is limited around its seam. Between
two points it is a straight line, so it is nowhere above what its stretch needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from runner.audio.master.true_peak import STRETCH

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from runner.audio.master.blocks import Block
    from runner.audio.master.true_peak import Envelope

ATTACK_S, HOLD_S = 0.01, 0.06
"""How long before a peak the gain begins to fall, and how long after it the gain stays down before it rises."""

Curve = npt.NDArray[np.float64]
"""The gain at the start of each stretch, and at the end of the last one."""


def curve(envelope: Envelope, gain: float, ceiling: float, *, rate_hz: int, loop: bool) -> Curve:
    """Return the gains, `gain` where that keeps below `ceiling`; both are amplitudes."""
    rise, hold = (max(1, round(seconds * rate_hz / STRETCH)) for seconds in (ATTACK_S / 2, HOLD_S))
    margin = 4 * rise + hold
    needed = np.minimum(gain, ceiling / np.maximum(envelope.astype(np.float64), ceiling / gain))
    whole = np.pad(needed, margin, mode="wrap" if loop else "edge")
    lowest = sliding_window_view(np.pad(whole, (hold, 2 * rise), mode="edge"), hold + 2 * rise + 1).min(axis=1)
    smooth = _mean(_mean(lowest, rise), rise)[margin : margin + len(needed)]
    around = np.concatenate((smooth[-1:], smooth, smooth[:1]) if loop else (smooth[:1], smooth, smooth[-1:]))
    return np.minimum(around[:-1], around[1:])


def limited(blocks: Iterable[Block], gains: Curve, samples: int) -> Iterator[Block]:
    """Yield the blocks of a piece of so many samples, each sample with its gain."""
    points = np.minimum(np.arange(len(gains)) * STRETCH, samples)
    at = 0
    for block in blocks:
        part = slice(at // STRETCH, -(-(at + len(block)) // STRETCH) + 1)
        gain = np.interp(np.arange(at, at + len(block)), points[part], gains[part])
        yield block * gain.astype(np.float32)[:, None]
        at += len(block)


def _mean(values: Curve, count: int) -> Curve:
    """Return the mean of each value and those before it, `count` in all."""
    sums = np.cumsum(np.concatenate((np.repeat(values[:1], count), values)))
    mean: Curve = (sums[count:] - sums[:-count]) / count
    return mean
