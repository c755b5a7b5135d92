"""What is measured of samples by numpy: silence, clipping, DC offset, true peak."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from runner.audio.probe.container_header import BadAudio
from runner.audio.probe.true_peak import MARGIN, TruePeak, largest_near
from runner.audio.scratch import scratch

if TYPE_CHECKING:
    import av
    import numpy.typing as npt

    from runner.audio.probe.flat import FlatFrame
    from runner.audio.probe.true_peak import Wave

SILENCE = 10 ** (-60 / 20)
"""-60 dBFS: what is not above it counts as silent."""
CLIPPED_RUN = 3
"""So many samples in a row at full scale, and more, are clipped."""
LOUDEST = 1e6
"""Of full scale: a sample beyond it is no music."""


class SampleMeter:
    """Measures pieces of audio, each after the one before it and behind the MARGIN samples before it.

    `peak` is the largest magnitude of all samples, or 0.0 where it is not known.
    """

    def __init__(self, frame: av.AudioFrame | FlatFrame, peak: float = 0.0) -> None:
        channels, bits = frame.layout.nb_channels, 8 * frame.format.bytes
        self._full_scale = 1 - 2.0 ** (1 - min(bits, 16))
        self._true_peak = TruePeak(peak)
        self._sums = np.zeros(channels)
        self._clipped = _ClippedRuns(channels)
        self._samples = 0
        self._first: int | None = None
        self._last = -1

    def add(self, wave: Wave, count: int) -> None:
        """Take one more piece, and count so many samples of it. Raises BadAudio for samples that are not numbers.

        What is behind them is silence: the last piece has a margin of it, for what is between its last samples.
        """
        size = np.abs(wave, out=scratch("size", wave.shape, np.float32))
        near = largest_near(size)
        peaks = near.max(axis=1)
        if not np.isfinite(peaks).all():
            raise BadAudio("broken: some of its samples are not numbers")
        if peaks.max() > LOUDEST:
            raise BadAudio(f"broken: a sample is {peaks.max():.0e} times full scale")
        self._sums += wave[:, MARGIN:].sum(axis=1)
        self._clipped.add(size[:, MARGIN : MARGIN + count], peaks, self._full_scale)
        self._hear(size, near)
        self._true_peak.add(wave, near)
        self._samples += count

    def _hear(self, size: Wave, near: Wave) -> None:
        """Find the first and the last sample that is not silent: they are near the first and the last loud block."""
        blocks = np.flatnonzero((near > SILENCE).any(axis=0))
        if blocks.size:
            if self._first is None:
                self._first = self._samples + self._loud(size, int(blocks[0]))[0]
            self._last = self._samples + self._loud(size, int(blocks[-1]))[-1]

    def _loud(self, size: Wave, block: int) -> list[int]:
        """Return the places in a piece that are not silent, of those that are near a block."""
        start = block * MARGIN
        loud: list[int] = np.flatnonzero((size[:, start : start + 2 * MARGIN] > SILENCE).any(axis=0)).tolist()
        return [start + place - MARGIN for place in loud]

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
        """Take the magnitudes of some samples, and what those of each channel do not exceed."""
        if not size.shape[1]:
            return
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
