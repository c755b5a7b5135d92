"""A vendor that says by 429 alone how many jobs it allows, against what it could do: python bench/storm.py [--jobs N].

Two runs, each of jobs of its own: the second starts with what the first has learned.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import urllib.request
from pathlib import Path

from cold import run, vendor, write

ROUND_S, ALLOWED = 1.0, 5


def stats(url: str) -> dict[str, float]:
    """Return what the vendor has counted so far."""
    with urllib.request.urlopen(f"{url}/stats") as answer:
        counted: dict[str, float] = json.loads(answer.read())
    return counted


def main() -> None:
    """Print seconds against the ideal, and refusals for each submission that was accepted, of both runs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=100)
    parser.add_argument("--slots", type=int, default=32)
    given = parser.parse_args()
    ideal_s = given.jobs / ALLOWED * ROUND_S
    with (
        tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR")) as name,
        vendor("--latency", str(ROUND_S), "--allowed", str(ALLOWED)) as url,
    ):
        folder, refused = Path(name), 0.0
        for number in (1, 2):
            write(folder, number * given.jobs, slots=given.slots, poll_s=0.1)
            wall_s, _ = run(folder, url, given.slots)
            told = stats(url)["refused"] - refused
            refused += told
            print(f"run {number}: {wall_s:5.1f} s, {wall_s / ideal_s:.2f} of ideal, ", end="")
            print(f"{told:.0f} refused, {told / given.jobs:.2f} for each job", flush=True)
            made = len(list((folder / "audio").glob("*.wav")))
            assert made == number * given.jobs, f"{made} of {number * given.jobs} made"


if __name__ == "__main__":
    main()
