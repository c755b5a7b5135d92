"""Tempo and key of a piece by librosa, which the extra `listen` brings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import av
import av.error
import numpy as np
import numpy.typing as npt

from runner.audio.probe.decode import decoded
from runner.records.music import KEYS

if TYPE_CHECKING:
    from pathlib import Path

RATE_HZ = 22_050
MOST_S, LEAST_S = 600, 4
"""What is longer is judged by its beginning; what is shorter has no tempo."""
_MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
"""How well each of the twelve notes fits a key on the first one (Krumhansl and Kessler, 1982)."""


def tempo_and_key(source: bytes | Path) -> tuple[float | None, str | None]:
    """Return beats per minute and a key such as `D minor`; None for both where there is too little to hear.

    Raises BadAudio as `probe` does, and ImportError without librosa.
    """
    import librosa  # it takes seconds, and few ask for it

    wave = _mono(source)
    if len(wave) < LEAST_S * RATE_HZ or not np.any(wave):
        return None, None
    tempo = float(np.atleast_1d(librosa.feature.tempo(y=wave, sr=RATE_HZ))[0])
    notes = librosa.feature.chroma_cqt(y=wave, sr=RATE_HZ).mean(axis=1)
    return round(tempo, 1), _key(notes)


def _mono(source: bytes | Path) -> npt.NDArray[np.float32]:
    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE_HZ)
    pieces: list[npt.NDArray[Any]] = []
    count = 0
    for frame in decoded(source):
        if count < MOST_S * RATE_HZ:
            frame.pts = None
            made = [each.to_ndarray().ravel() for each in resampler.resample(frame)]
            pieces += made
            count += sum(map(len, made))
    return np.concatenate(pieces).astype(np.float32) if pieces else np.zeros(0, np.float32)


def _key(notes: npt.NDArray[np.float64]) -> str | None:
    """Return the key whose profile the notes fit best."""
    if not notes.std() > 0:
        return None
    fits = {
        f"{name} {mode}": float(np.corrcoef(notes, np.roll(profile, place))[0, 1])
        for mode, profile in (("major", _MAJOR), ("minor", _MINOR))
        for place, name in enumerate(KEYS)
    }
    return max(fits, key=lambda key: fits[key])
