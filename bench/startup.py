"""What a command costs before it does anything: python bench/startup.py.

Every time is also given as a ratio to `python -c pass` in the same round, so that runs on two machines can be compared.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 15
SCOREFILE = [sys.executable, "-P", "-m", "runner"]
COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "--help": [*SCOREFILE, "--help"],
    "validate": [*SCOREFILE, "validate", "showcase.yaml"],
    "plan": [*SCOREFILE, "plan", "showcase.yaml"],
    "run, nothing to do": [*SCOREFILE, "run", "--rehearse", "-q", "showcase.yaml"],
}


def took_s(command: list[str], folder: Path) -> float:
    """Return the wall time of one run in seconds."""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    begun = time.perf_counter()
    subprocess.run(command, cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begun


def main() -> None:
    """Print the median time of every command, and its ratio to an empty Python."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "project"
        shutil.copytree(ROOT / "pipelines", folder, ignore=shutil.ignore_patterns(".scorefile"))
        first_s = took_s(COMMANDS["run, nothing to do"], folder)
        times: dict[str, list[float]] = {what: [] for what in COMMANDS}
        for _ in range(ROUNDS):
            for what, command in COMMANDS.items():
                times[what].append(took_s(command, folder))
    empty_s = statistics.median(times["python -c pass"])
    print(f"{'rehearsal of the showcase':28} {first_s * 1000:7.0f} ms   {first_s / empty_s:6.1f} x")
    for what, rounds in times.items():
        median_s = statistics.median(rounds)
        print(f"{what:28} {median_s * 1000:7.0f} ms   {median_s / empty_s:6.1f} x")


if __name__ == "__main__":
    main()
