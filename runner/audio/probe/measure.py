"""Measure a piece of audio while it is decoded, once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from runner.audio.probe.decode import listen
from runner.audio.probe.loudness import LoudnessMeter
from runner.audio.probe.samples import SampleMeter
from runner.records.measured import Measured

if TYPE_CHECKING:
    from pathlib import Path

    import av
    import numpy as np
    import numpy.typing as npt

    from runner.audio.probe.decode import Probe

AT_ONCE = 1 << 13
"""Samples of a channel that are measured together."""


def inspect(source: bytes | Path) -> Probe:
    """Decode once and return the Probe with all that is measured; raise BadAudio as `probe` does.

    Samples that are not numbers are BadAudio, too.
    """
    meter = _Meter()
    result = listen(source, meter.add)
    return replace(result, measured=meter.measured(result))


class _Meter:
    """All meters, built for the format of the first frame."""

    def __init__(self) -> None:
        self._frames: list[av.AudioFrame] = []
        self._pieces: list[npt.NDArray[np.generic]] = []
        self._waiting = 0
        self._meters: tuple[SampleMeter, LoudnessMeter] | None = None

    def add(self, frame: av.AudioFrame) -> None:
        """Take one more frame, and measure those that wait when there are many."""
        self._frames.append(frame)
        self._pieces.append(frame.to_ndarray())
        self._waiting += frame.samples
        if self._waiting >= AT_ONCE:
            self._measure()

    def _measure(self) -> tuple[SampleMeter, LoudnessMeter]:
        if self._meters is None:
            self._meters = SampleMeter(self._frames[0]), LoudnessMeter(self._frames[0])
        samples, loudness = self._meters
        if self._frames:
            samples.add(self._pieces)
            loudness.add(self._frames)
        self._frames, self._pieces, self._waiting = [], [], 0
        return self._meters

    def measured(self, result: Probe) -> Measured:
        """Return what was measured once all frames are taken."""
        samples, loudness = self._measure()
        loudness.end()
        head, tail = samples.silence(result.samples)
        return Measured(
            codec=result.codec,
            lufs=_rounded(loudness.lufs, 1),
            lra_lu=_rounded(loudness.lra_lu, 1),
            true_peak_dbtp=_rounded(samples.true_peak_dbtp(), 1),
            head_silence_s=round(head / result.rate_hz, 3),
            tail_silence_s=round(tail / result.rate_hz, 3),
            clipped_samples=samples.clipped_samples(),
            dc_offset=_rounded(samples.dc_offset(), 5),
        )


def _rounded(value: float | None, digits: int) -> float | None:
    """Round a number, and make -0.0 zero."""
    return None if value is None else round(value, digits) + 0.0
