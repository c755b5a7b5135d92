"""Integrated loudness (ITU-R BS.1770-5) and loudness range (EBU Tech 3342), from the energy of each tenth of a second."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import av
import numpy as np

from runner.audio.probe.weighting import Weigher, weighting
from runner.audio.scratch import scratch

if TYPE_CHECKING:
    import numpy.typing as npt

    from runner.audio.probe.flat import FlatFrame
    from runner.audio.probe.true_peak import Wave

GATE_LUFS = -70.0
"""BS.1770's absolute gate."""
_GATE_LU, _RANGE_GATE_LU = -10.0, -20.0
_OFFSET_DB = -0.691
_BLOCK, _SHORT_TERM = 4, 30
"""How many tenths of a second are in a window of loudness, and in one of loudness range."""
_LOW, _HIGH = 0.10, 0.95
_LAYOUTS = {5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
"""What a file is taken for that does not say which channel is which: behind count more, and the one for bass does not."""
_BASS = frozenset({"LFE", "LFE2"})
_BEHIND = frozenset({"BL", "BR", "BC", "SL", "SR", "TBL", "TBC", "TBR", "SDL", "SDR"})


class LoudnessMeter:
    """Measures pieces of audio of `length` samples, each after the one before it; what is behind the last whole tenth does not count."""

    def __init__(self, frame: av.AudioFrame | FlatFrame) -> None:
        self._weights = _weights(frame.layout)
        self._rules = weighting(frame.sample_rate)
        self._weigher = Weigher(self._rules, len(self._weights))
        self._powers: list[npt.NDArray[np.float64]] = []

    @property
    def length(self) -> int:
        """Return the samples in a piece."""
        return self._rules.length

    def add(self, piece: Wave) -> None:
        """Take one more piece, of shape (channels, samples); the last one may be shorter."""
        hops = piece.shape[1] // self._rules.hop
        if not hops:
            return
        if piece.shape[1] < self.length:
            whole = scratch("whole", (len(piece), self.length), np.float32)
            whole[:, : piece.shape[1]], whole[:, piece.shape[1] :] = piece, 0
            piece = whole
        self._powers.append(self._weights @ self._weigher.energies(piece)[:, :hops] / self._rules.hop)

    def lufs(self) -> float | None:
        """Return the integrated loudness; None when too short or silent."""
        loud = self._heard(_BLOCK, _GATE_LU)
        return _loudness(loud.mean()) if loud.size else None

    def lra_lu(self) -> float | None:
        """Return the loudness range; None when too short or silent."""
        loud = np.sort(self._heard(_SHORT_TERM, _RANGE_GATE_LU))
        if not loud.size or self.lufs() is None:
            return None
        low, high = (loud[round((loud.size - 1) * share)] for share in (_LOW, _HIGH))
        return _loudness(high) - _loudness(low)

    def _heard(self, tenths: int, gate_lu: float) -> npt.NDArray[np.float64]:
        """Return the powers of all windows of so many tenths of a second that pass both gates."""
        powers = np.concatenate(self._powers) if self._powers else np.zeros(0)
        if len(powers) < tenths:
            return np.zeros(0)
        windows = np.lib.stride_tricks.sliding_window_view(powers, tenths).mean(axis=1)
        heard: npt.NDArray[np.float64] = windows[windows > _power(GATE_LUFS)]
        return heard[heard > heard.mean() * 10 ** (gate_lu / 10)] if heard.size else heard


def _weights(layout: av.AudioLayout) -> npt.NDArray[np.float64]:
    """Return how much each channel counts."""
    if any(channel.name == "NONE" for channel in layout.channels):
        layout = av.AudioLayout(_LAYOUTS[layout.nb_channels]) if layout.nb_channels in _LAYOUTS else layout
    names = [channel.name for channel in layout.channels]
    return np.array([0.0 if name in _BASS else 1.41 if name in _BEHIND else 1.0 for name in names])


def _loudness(power: float) -> float:
    return _OFFSET_DB + 10 * math.log10(power)


def _power(lufs: float) -> float:
    return float(10 ** ((lufs - _OFFSET_DB) / 10))
