"""How many times faster than real time one core composes: python bench/sketch.py."""

from __future__ import annotations

import os
import statistics
import time

from runner.audio.sketch.brief import Brief
from runner.audio.sketch.composer import compose

PROMPTS = ("calm piano in the forest", "epic battle with choir", "lo-fi chill beat", "8-bit boss fight", "dark ambient")
DURATION_S = 60.0
ROUNDS = 5


def ratio(prompt: str) -> float:
    """Return seconds of music made in one second of processor time, the median of ROUNDS."""
    rounds = []
    for seed in range(ROUNDS):
        start = time.process_time()
        compose(Brief(prompt=prompt, duration_s=DURATION_S, seed=seed))
        rounds.append(DURATION_S / (time.process_time() - start))
    return statistics.median(rounds)


def main() -> None:
    """Print one line for each prompt."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    for prompt in PROMPTS:
        print(f"{prompt:28} {ratio(prompt):6.0f} x real time")


if __name__ == "__main__":
    main()
