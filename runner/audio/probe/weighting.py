"""K-weighting (ITU-R BS.1770-5, Annex 1) as products of matrices: what follows from some samples and a state is linear in both.

Three levels keep the matrices small: samples make rows, rows make groups, groups make a piece. The filters are in the form whose
states are as large as the sound (Zavalishin, "The art of VA filter design", 2012), so that single precision is enough.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from runner.audio.scratch import scratch
from runner.frozen import dataclass

if TYPE_CHECKING:
    from runner.audio.probe.true_peak import Wave

Matrix = npt.NDArray[np.float64]

_STATES = 4
_GROUP = 16
"""Rows in a group: no product is so large that the linear algebra would use threads for it, which costs more than it saves."""
_LEAST_ROWS = 448
_ROW, _SHORTEST_ROW, _LONGEST_ROW = 60, 40, 80
_LONG_HOP = 19_200
"""A longer hop is one of whole groups, or else a piece of whole groups could be many hops long."""
_SHELF_HZ, _SHELF_Q, _SHELF_DB, _SHELF_BAND = (
    1681.974450955533,
    0.7071752369554196,
    3.999843853973347,
    0.4996667741545416,
)
_HIGH_HZ, _HIGH_Q = 38.13547087602444, 0.5003270373238773
"""The analog filters that the standard's coefficients for 48 kHz are made of: so they are right at each sample rate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighting:
    """How samples of one rate are weighted. A piece is `hops` hops of `hop` samples, each `hop // row` rows."""

    row: int
    hop: int
    hops: int
    samples: Wave
    """(row, row + 4): the samples of a row → the weighted ones, and what they add to the state behind it."""
    free: Wave
    """(4, row): the state before a row → what it adds to the weighted samples."""
    group: Matrix
    """What the rows of a group add to the state, and the state before it → the state before each row, and behind the group."""
    piece: Matrix
    """The same for the groups of a piece."""

    @property
    def length(self) -> int:
        """Return the samples in a piece."""
        return self.hop * self.hops


class Weigher:
    """Weights pieces of some channels, each after the one before it."""

    def __init__(self, rules: Weighting, channels: int) -> None:
        self._rules = rules
        self._state = np.zeros((channels, _STATES))

    def energies(self, piece: Wave) -> Matrix:
        """Return the weighted energy of each hop of a piece, of shape (channels, hops)."""
        rules, inner, channels = self._rules, _GROUP * _STATES, len(piece)
        rows = piece.reshape(channels, -1, _GROUP, rules.row)
        made = np.matmul(rows, rules.samples, out=scratch("made", (*rows.shape[:3], rules.row + _STATES), np.float32))
        added = made[..., rules.row :].astype(np.float64).reshape(channels, -1, inner)
        known = added @ rules.group[:inner]
        ends = np.concatenate((known[..., inner:].reshape(channels, -1), self._state), axis=1)
        chained = np.einsum("ck,kn->cn", ends, rules.piece)
        self._state = chained[:, -_STATES:]
        starts = chained[:, :-_STATES].reshape(channels, -1, _STATES)
        states = known[..., :inner] + starts @ rules.group[inner:, :inner]
        before = states.astype(np.float32).reshape(*rows.shape[:3], _STATES)
        weighted = np.matmul(before, rules.free, out=scratch("weighted", rows.shape, np.float32))
        weighted += made[..., : rules.row]
        hops = weighted.reshape(channels, rules.hops, rules.hop)
        energies: Matrix = np.einsum("chs,chs->ch", hops, hops).astype(np.float64)
        return energies


@lru_cache(maxsize=16)
def weighting(rate_hz: int) -> Weighting:
    """Return the weighting for a sample rate. A hop is 0.1 s, at rates that are no multiple of 10 Hz or so nearly."""
    row, hop = _row_and_hop(rate_hz // 10)
    made = _rows(rate_hz, row)
    step = made[row:, row:]
    hops = 1
    while hops * (hop // row) % _GROUP or hops * (hop // row) < _LEAST_ROWS:
        hops += 1
    groups = hops * (hop // row) // _GROUP
    return Weighting(
        row=row,
        hop=hop,
        hops=hops,
        samples=np.ascontiguousarray(made[:row], np.float32),
        free=np.ascontiguousarray(made[row:, :row], np.float32),
        group=_chain(step, _GROUP),
        piece=_chain(np.linalg.matrix_power(step, _GROUP), groups),
    )


def _row_and_hop(tenth: int) -> tuple[int, int]:
    """Return how many samples are in a row, and in a tenth of a second of whole rows."""
    rows = 1 if tenth <= _LONG_HOP else _GROUP
    fitting = [row for row in range(_SHORTEST_ROW, _LONGEST_ROW + 1) if tenth % (row * rows) == 0]
    if fitting:
        return min(fitting, key=lambda row: abs(row - _ROW)), tenth
    return _ROW, _ROW * rows * round(tenth / (_ROW * rows))


def _rows(rate_hz: int, row: int) -> Matrix:
    """Return (samples of a row, state) → (weighted samples, state): the filters at work on each unit of them."""
    units = np.eye(row + _STATES)
    state = list(units[row:])
    weighted = []
    shelf, high = math.tan(math.pi * _SHELF_HZ / rate_hz), math.tan(math.pi * _HIGH_HZ / rate_hz)
    lift = 10 ** (_SHELF_DB / 20)
    shelf_mix = (lift, lift**_SHELF_BAND / _SHELF_Q, 1.0)
    high_mix = (1 + high / _HIGH_Q + high * high, 0.0, 0.0)  # the standard's numerator is 1, -2, 1
    for sample in units[:row]:
        lifted = _filtered(sample, state, 0, shelf, _SHELF_Q, shelf_mix)
        weighted.append(_filtered(lifted, state, 2, high, _HIGH_Q, high_mix))
    return np.array(weighted + state).T


def _filtered(
    sample: Matrix, state: list[Matrix], at: int, pitch: float, q: float, mix: tuple[float, float, float]
) -> Matrix:
    """Return the next value of a filter of the second order, whose two states are from `at` on; they are advanced."""
    first, second = state[at : at + 2]
    high = (sample - (pitch + 1 / q) * first - second) / (1 + pitch * (pitch + 1 / q))
    band = first + pitch * high
    low = second + pitch * band
    state[at : at + 2] = band + pitch * high, low + pitch * band
    return mix[0] * high + mix[1] * band + mix[2] * low


def _chain(step: Matrix, count: int) -> Matrix:
    """Return (what each of `count` steps adds to the state, state) → (the state before each step, the state behind them)."""
    size = _STATES * (count + 1)
    chain = np.zeros((size, size))
    known = np.zeros((size, _STATES))
    known[-_STATES:] = np.eye(_STATES)
    for at in range(0, size, _STATES):
        chain[:, at : at + _STATES] = known
        known = known @ step
        known[at : at + _STATES] += np.eye(_STATES)
    return chain
