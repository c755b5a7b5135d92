"""What is measured of samples by numpy: silence, clipping, DC offset, true peak."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from runner.audio.probe.container_header import BadAudio
from runner.audio.probe.true_peak import TruePeak, Wave

if TYPE_CHECKING:
    import av
    import numpy.typing as npt

SILENCE = 10 ** (-60 / 20)
"""-60 dBFS: what is not above it counts as silent."""
CLIPPED_RUN = 3
"""So many samples in a row at full scale, and more, are clipped."""
LOUDEST = 1e6
"""Of full scale: a sample beyond it is no music."""


class SampleMeter:
    """Measures pieces of audio, each after the one before it."""

    def __init__(self, frame: av.AudioFrame) -> None:
        channels = frame.layout.nb_channels
        self._channels, self._planar = channels, frame.format.is_planar
        bits = 8 * frame.format.bytes
        self._full_scale = 1 - 2.0 ** (1 - min(bits, 16))
        self._true_peak = TruePeak(channels)
        self._sums = np.zeros(channels)
        self._clipped = _ClippedRuns(channels)
        self._samples = 0
        self._first: int | None = None
        self._last = -1

    def add(self, pieces: list[npt.NDArray[np.generic]]) -> None:
        """Take the samples of some frames. Raises BadAudio for samples that are not numbers."""
        wave = self._wave(pieces)
        size = np.abs(wave)
        peaks, sums = size.max(axis=1), wave.sum(axis=1)
        if not np.isfinite(sums).all():
            raise BadAudio("broken: some of its samples are not numbers")
        if peaks.max() > LOUDEST:
            raise BadAudio(f"broken: a sample is {peaks.max():.0e} times full scale")
        self._sums += sums
        self._clipped.add(size, peaks, self._full_scale)
        loud = np.flatnonzero((size > SILENCE).any(axis=0))
        if loud.size:
            self._first = self._samples + int(loud[0]) if self._first is None else self._first
            self._last = self._samples + int(loud[-1])
        self._true_peak.add(wave)
        self._samples += wave.shape[1]

    def _wave(self, pieces: list[npt.NDArray[np.generic]]) -> Wave:
        """Return samples of any format as shares of full scale, of shape (channels, samples)."""
        raw = pieces[0] if len(pieces) == 1 else np.concatenate(pieces, axis=1)
        if not self._planar:
            raw = raw.reshape(-1, self._channels).T
        with np.errstate(over="ignore", invalid="ignore"):
            wave = np.ascontiguousarray(raw, np.float32)
        if raw.dtype.kind == "u":
            wave = wave - 128
        if raw.dtype.kind in "iu":
            wave *= 2.0 ** (1 - 8 * raw.dtype.itemsize)
        return wave

    def true_peak_dbtp(self) -> float | None:
        """Return the true peak once all is taken; None when every sample is zero."""
        return self._true_peak.dbtp()

    def silence(self, samples: int) -> tuple[int, int]:
        """Return how many samples are silent at the start and at the end of `samples`."""
        if self._first is None:
            return samples, samples
        return self._first, max(0, samples - 1 - self._last)

    def clipped_samples(self) -> int:
        """Return how many samples are in runs at full scale."""
        return self._clipped.total()

    def dc_offset(self) -> float:
        """Return the mean of the channel with the largest one."""
        return float(max(self._sums / max(self._samples, 1), key=math.fabs))


class _ClippedRuns:
    """Counts the samples in runs at full scale, of each channel."""

    def __init__(self, channels: int) -> None:
        self._open = [0] * channels
        """How long the run is that reaches to the end of what was taken."""
        self._count = 0

    def add(self, size: Wave, peaks: Wave, full_scale: float) -> None:
        """Take the magnitudes of some samples, and the largest one of each channel."""
        for channel, peak in enumerate(peaks):
            if peak < full_scale:
                self._close(channel)
            else:
                self._add(channel, size[channel] >= full_scale)

    def _add(self, channel: int, full: npt.NDArray[np.bool_]) -> None:
        edges = np.flatnonzero(np.diff(full, prepend=False, append=False))
        runs = (edges[1::2] - edges[::2]).tolist()
        if full[0]:
            self._open[channel] += runs.pop(0)
            if full.all():
                return
        self._close(channel)
        self._open[channel] = runs.pop() if full[-1] else 0
        self._count += sum(run for run in runs if run >= CLIPPED_RUN)

    def _close(self, channel: int) -> None:
        self._count += self._open[channel] if self._open[channel] >= CLIPPED_RUN else 0
        self._open[channel] = 0

    def total(self) -> int:
        """Return the count once all is taken."""
        for channel in range(len(self._open)):
            self._close(channel)
        return self._count
