"""How far sketches differ, and whether they have dynamics.

Rhythm: the correlation of onset envelopes between every two biomes, and every two seeds, at one tempo. Dynamics: loudness range.
numpy is loaded in a process of its own (see `measure.run`).
"""

from __future__ import annotations

import json
import sys
from itertools import combinations
from typing import TYPE_CHECKING

from bench import measure

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
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


def composed(prompt: str, **brief: float) -> npt.NDArray[np.int16]:
    """Return the sketch of a prompt."""
    from runner.audio.sketch.brief import Brief
    from runner.audio.sketch.composer import compose

    return compose(Brief(prompt=prompt, **brief), rate_hz=RATE_HZ)


def onsets(prompt: str, *, seed: int = 1, duration_s: float = 30.0) -> npt.NDArray[np.float64]:
    """Return the onset envelope of a sketch: how much its spectrum grows every 10 ms, summed over compressed bins."""
    import numpy as np

    pcm = composed(prompt, duration_s=duration_s, bpm=BPM, seed=seed)
    mono = pcm.sum(axis=1) / 65536.0
    frames = np.lib.stride_tricks.sliding_window_view(mono, WINDOW)[::HOP] * np.hanning(WINDOW)
    spectrum = np.log1p(100 * np.abs(np.fft.rfft(frames, axis=1)))
    return np.maximum(np.diff(spectrum, axis=0), 0).sum(axis=1)


def correlations(envelopes: list[npt.NDArray[np.float64]]) -> list[float]:
    """Return the correlation of every two envelopes."""
    import numpy as np

    return [float(np.corrcoef(one, other)[0, 1]) for one, other in combinations(envelopes, 2)]


def loudness_range(prompt: str, *, duration_s: float = 60.0) -> float:
    """Return the loudness range of a sketch in LU after EBU Tech 3342: 10th to 95th percentile of 3 s windows, gated."""
    import numpy as np

    pcm = composed(prompt, duration_s=duration_s, seed=1)
    tenths = (pcm.astype(np.float64) ** 2).sum(axis=1)[: len(pcm) // (RATE_HZ // 10) * (RATE_HZ // 10)]
    power = np.convolve(tenths.reshape(-1, RATE_HZ // 10).mean(axis=1), np.ones(30) / 30, "valid") / 2.0**30
    level = 10 * np.log10(np.maximum(power, 1e-12))
    gate = 10 * np.log10(power[level > -70].mean()) - 20
    low, high = np.percentile(level[level > gate], (10, 95))
    return float(high - low)


def rows(size: measure.Size) -> Iterator[measure.Row]:
    """Yield the correlations of each group, then the smallest loudness range."""
    command = (sys.executable, "-m", "bench.variety", str(size.of(8, 2)), str(size.of(30, 8)), str(size.of(4, 1)))
    groups, ranges = json.loads(measure.run(command, measure.ROOT).out)
    for name, found in groups.items():
        most, mean = max(found), sum(found) / len(found)
        what = f"onset correlation between {name}, greatest"
        yield measure.Row(what=what, ours=f"{most:.2f} (mean {mean:.2f})", **measure.at_most(most, 0.8))
    least = min(ranges)
    what = "loudness range where the prompt asks for drama, least"
    yield measure.Row(what=what, ours=f"{least:.1f} LU", **measure.at_least(least, 4, " LU"))


def main() -> None:
    """Print the correlations and the ranges as JSON: for so many of a kind, seconds and prompts."""
    count, duration_s, prompts = map(int, sys.argv[1:])
    groups = {
        "biomes": [(f"{biome} theme", 1) for biome in BIOMES[:count]],
        "calm biomes": [(f"calm {biome} exploration, loopable", 1) for biome in BIOMES[:count]],
        "seeds": [("forest theme", seed) for seed in range(count)],
        "seeds of a battle": [("epic battle", seed) for seed in range(count)],
    }
    found = {
        name: correlations([onsets(prompt, seed=seed, duration_s=duration_s) for prompt, seed in group])
        for name, group in groups.items()
    }
    print(json.dumps([found, [loudness_range(prompt, duration_s=2 * duration_s) for prompt in DRAMATIC[:prompts]]]))


if __name__ == "__main__":
    main()
