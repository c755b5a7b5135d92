"""How far sketches differ, and whether they have dynamics: python bench/variety.py.

Rhythm: the correlation of onset envelopes between every two biomes, and every two seeds, at one tempo. Dynamics: loudness range.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from runner.audio.sketch.brief import Brief
from runner.audio.sketch.composer import compose

if TYPE_CHECKING:
    import numpy.typing as npt

RATE_HZ = 24_000
BPM = 120.0
BIOMES = ("forest", "desert", "mountain", "ocean", "snow", "swamp", "city", "volcano")
DRAMATIC = (
    "dramatic orchestral scene",
    "epic battle with a dramatic build",
    "cinematic crescendo",
    "dramatic calm piano",
)
WINDOW = 1024
HOP = 240
"""10 ms."""


def onsets(prompt: str, *, seed: int = 1, duration_s: float = 30.0) -> npt.NDArray[np.float64]:
    """Return the onset envelope of a sketch: how much its spectrum grows every 10 ms, summed over compressed bins."""
    pcm = compose(Brief(prompt=prompt, duration_s=duration_s, bpm=BPM, seed=seed), rate_hz=RATE_HZ)
    mono = pcm.sum(axis=1) / 65536.0
    frames = np.lib.stride_tricks.sliding_window_view(mono, WINDOW)[::HOP] * np.hanning(WINDOW)
    spectrum = np.log1p(100 * np.abs(np.fft.rfft(frames, axis=1)))
    return np.maximum(np.diff(spectrum, axis=0), 0).sum(axis=1)


def correlations(envelopes: list[npt.NDArray[np.float64]]) -> list[float]:
    """Return the correlation of every two envelopes."""
    return [float(np.corrcoef(one, other)[0, 1]) for one, other in combinations(envelopes, 2)]


def loudness_range(prompt: str, *, seed: int = 1, duration_s: float = 60.0) -> float:
    """Return the loudness range of a sketch in LU after EBU Tech 3342: 10th to 95th percentile of 3 s windows, gated."""
    pcm = compose(Brief(prompt=prompt, duration_s=duration_s, seed=seed), rate_hz=RATE_HZ)
    tenths = (pcm.astype(np.float64) ** 2).sum(axis=1)[: len(pcm) // (RATE_HZ // 10) * (RATE_HZ // 10)]
    power = np.convolve(tenths.reshape(-1, RATE_HZ // 10).mean(axis=1), np.ones(30) / 30, "valid") / 2.0**30
    level = 10 * np.log10(np.maximum(power, 1e-12))
    gate = 10 * np.log10(power[level > -70].mean()) - 20
    low, high = np.percentile(level[level > gate], (10, 95))
    return float(high - low)


def main() -> None:
    """Print the greatest and the mean correlation, and a line for each prompt that asks for drama."""
    for name, envelopes in (
        ("8 biomes", [onsets(f"{biome} theme") for biome in BIOMES]),
        ("8 biomes, calm", [onsets(f"calm {biome} exploration, loopable") for biome in BIOMES]),
        ("8 seeds", [onsets("forest theme", seed=seed) for seed in range(8)]),
        ("8 seeds, battle", [onsets("epic battle", seed=seed) for seed in range(8)]),
    ):
        found = correlations(envelopes)
        print(f"{name:16} onset correlation at most {max(found):5.2f}, mean {sum(found) / len(found):5.2f}")
    for prompt in (*DRAMATIC, "calm piano"):
        print(f"{prompt:36} loudness range {loudness_range(prompt):4.1f} LU")


if __name__ == "__main__":
    main()
