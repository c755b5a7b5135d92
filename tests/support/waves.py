"""Test signals as files, and as samples between -1 and 1."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import soundfile

if TYPE_CHECKING:
    from collections.abc import Iterable

Wave = npt.NDArray[np.float64]
RATE_HZ = 48_000


def file_of(wave: Wave, rate_hz: int = RATE_HZ, *, subtype: str = "FLOAT", container: str = "WAV") -> bytes:
    """Return samples of shape (samples,) or (samples, channels) as a file."""
    buffer = io.BytesIO()
    soundfile.write(buffer, wave, rate_hz, format=container, subtype=subtype)
    return buffer.getvalue()


def level(dbfs: float) -> float:
    """Return a level as a share of full scale."""
    return float(10 ** (dbfs / 20))


def tones(steps: Iterable[tuple[float, float]], *, channels: int = 2, hz: float = 1000) -> Wave:
    """Return tones one after another, each of (seconds, dBFS), the same in all channels."""
    waves = [level(dbfs) * np.sin(2 * np.pi * hz / RATE_HZ * np.arange(round(s * RATE_HZ))) for s, dbfs in steps]
    return np.repeat(np.concatenate(waves)[:, np.newaxis], channels, axis=1)


def tapered(wave: Wave, rate_hz: int = RATE_HZ) -> Wave:
    """Return a wave of one channel with 10 ms of fade at both ends, in stereo."""
    ramp = np.linspace(0, 1, rate_hz // 100)
    wave = wave.copy()
    wave[: len(ramp)] *= ramp
    wave[-len(ramp) :] *= ramp[::-1]
    return np.repeat(wave[:, np.newaxis], 2, axis=1)
