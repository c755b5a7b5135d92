"""Measure a piece of audio while it is decoded, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import av
from msgspec.structs import replace

from runner.audio.probe.decode import listen_flat
from runner.audio.probe.flat import FlatFrame
from runner.audio.probe.loudness import LoudnessMeter
from runner.audio.probe.pieces import Pieces
from runner.audio.probe.samples import SampleMeter
from runner.audio.probe.true_peak import MARGIN
from runner.records.measured import Measured, Probe

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from runner.audio.probe.true_peak import Wave

_FULL_SCALE = 1 << 15
"""Of samples of 16 bits."""


def inspect(source: bytes | Path) -> Probe:
    """Decode once and return the Probe with all that is measured; raise BadAudio as `probe` does.

    Samples that are not numbers are BadAudio, too.
    """
    meters: list[_Meters] = []

    def add(frame: av.AudioFrame | FlatFrame) -> None:
        if not meters:
            meters.append(_Meters(frame))
        meters[0].add(frame)

    result = listen_flat(source, add)
    return replace(result, measured=meters[0].measured(result))


def inspect_wav(pcm: npt.NDArray[np.int16], rate_hz: int) -> Probe:
    """Return what `inspect` would of a WAV file with these samples, of shape (samples, 1 or 2), without decoding one."""
    channels = pcm.shape[1]
    layout = av.AudioLayout("mono" if channels == 1 else "stereo")
    frame = FlatFrame(sample_rate=rate_hz, layout=layout, format=av.AudioFormat("s16"), raw=pcm)
    meters = _Meters(frame, peak=max(int(pcm.max(initial=0)), -int(pcm.min(initial=0))) / _FULL_SCALE)
    meters.add(frame)
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

    def __init__(self, frame: av.AudioFrame | FlatFrame, peak: float = 0.0) -> None:
        self._samples, self._loudness = SampleMeter(frame, peak), LoudnessMeter(frame)
        self._pieces = Pieces(frame, self._loudness.length)

    def add(self, frame: av.AudioFrame | FlatFrame) -> None:
        """Take one more frame."""
        for piece in self._pieces.add(frame):
            self._measure(piece, piece.shape[1] - MARGIN)

    def _measure(self, piece: Wave, count: int) -> None:
        self._samples.add(piece, count)
        self._loudness.add(piece[:, MARGIN : MARGIN + count])

    def measured(self, result: Probe) -> Measured:
        """Return what was measured once all frames are taken."""
        self._measure(*self._pieces.rest())
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
