"""Measure a piece of audio while it is decoded, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import av

from runner.audio.probe.decode import Probe, listen
from runner.audio.probe.loudness import LoudnessMeter
from runner.audio.probe.pieces import Pieces, cut
from runner.audio.probe.samples import SampleMeter
from runner.audio.probe.true_peak import MARGIN
from runner.frozen import replace
from runner.records.measured import Measured

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from runner.audio.probe.true_peak import Wave


def inspect(source: bytes | Path) -> Probe:
    """Decode once and return the Probe with all that is measured; raise BadAudio as `probe` does.

    Samples that are not numbers are BadAudio, too.
    """
    opened: list[tuple[_Meters, Pieces]] = []

    def add(frame: av.AudioFrame) -> None:
        if not opened:
            meters = _Meters(frame)
            opened.append((meters, Pieces(frame, meters.length)))
        meters, pieces = opened[0]
        for piece in pieces.add(frame):
            meters.measure(piece, meters.length)

    result = listen(source, add)
    meters, pieces = opened[0]
    meters.measure(*pieces.rest())
    return replace(result, measured=meters.measured(result))


def inspect_wav(pcm: npt.NDArray[np.int16], rate_hz: int) -> Probe:
    """Return what `inspect` would of a WAV file with these samples, of shape (samples, 1 or 2), without decoding one."""
    channels = pcm.shape[1]
    form = av.AudioFrame(format="s16", layout="mono" if channels == 1 else "stereo", samples=1)
    form.sample_rate = rate_hz
    meters = _Meters(form)
    for piece, count in cut(pcm, meters.length):
        meters.measure(piece, count)
    result = Probe(
        media_type="audio/wav",
        codec="pcm_s16le",
        seconds=len(pcm) / rate_hz,
        rate_hz=rate_hz,
        channels=channels,
        samples=len(pcm),
    )
    return replace(result, measured=meters.measured(result))


class _Meters:
    """All meters, built for the format of one frame."""

    def __init__(self, frame: av.AudioFrame) -> None:
        self._samples, self._loudness = SampleMeter(frame), LoudnessMeter(frame)

    @property
    def length(self) -> int:
        """Return the samples in a piece."""
        return self._loudness.length

    def measure(self, piece: Wave, count: int) -> None:
        """Take one more piece, behind a margin and of so many samples."""
        self._samples.add(piece, count)
        self._loudness.add(piece[:, MARGIN : MARGIN + count])

    def measured(self, result: Probe) -> Measured:
        """Return what was measured once all pieces are taken."""
        samples, loudness = self._samples, self._loudness
        head, tail = samples.silence(result.samples)
        return Measured(
            codec=result.codec,
            lufs=_rounded(loudness.lufs(), 1),
            lra_lu=_rounded(loudness.lra_lu(), 1),
            true_peak_dbtp=_rounded(samples.true_peak_dbtp(), 1),
            head_silence_s=round(head / result.rate_hz, 3),
            tail_silence_s=round(tail / result.rate_hz, 3),
            clipped_samples=samples.clipped_samples(),
            dc_offset=_rounded(samples.dc_offset(), 5),
        )


def _rounded(value: float | None, digits: int) -> float | None:
    """Round a number, and make -0.0 zero."""
    return None if value is None else round(value, digits) + 0.0
