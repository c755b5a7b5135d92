"""What a command costs before it does anything: python bench/startup.py.

Every time is also given as a ratio to `python -c "import click"` in the same round, so that runs on two machines can be
compared: the median of the ratios of all rounds, with compiled bytecode. The bars: `--help` 2 x, `validate` of ten lines 5 x.
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
TEN_LINES = """\
version: 1
name: ten
defaults:
  model: local/sketch
  params: {duration: 1}
  output: "audio/{{ job.id }}"
jobs:
  title: {prompt: low brass}
  battle: {prompt: war drums}
  shop: {prompt: cosy accordion}
"""
SCOREFILE = [sys.executable, "-P", "-m", "runner"]
COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "import click": [sys.executable, "-c", "import click"],
    "--help": [*SCOREFILE, "--help"],
    "validate, ten lines": [*SCOREFILE, "validate", "ten.yaml"],
    "run ten lines, nothing to do": [*SCOREFILE, "run", "-q", "ten.yaml"],
    "validate": [*SCOREFILE, "validate", "showcase.yaml"],
    "plan": [*SCOREFILE, "plan", "showcase.yaml"],
    "run, nothing to do": [*SCOREFILE, "run", "--rehearse", "-q", "showcase.yaml"],
}


def took_s(command: list[str], folder: Path) -> float:
    """Return the wall time of one run in seconds."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": ""}
    begun = time.perf_counter()
    subprocess.run(command, cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begun


def main() -> None:
    """Print the median time of every command, and its ratio to an import of click."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "project"
        shutil.copytree(ROOT / "pipelines", folder, ignore=shutil.ignore_patterns(".scorefile"))
        (folder / "ten.yaml").write_text(TEN_LINES)
        first_s = took_s(COMMANDS["run, nothing to do"], folder)
        for command in COMMANDS.values():
            took_s(command, folder)  # compiled, and made
        times: dict[str, list[float]] = {what: [] for what in COMMANDS}
        for _ in range(ROUNDS):
            for what, command in COMMANDS.items():
                times[what].append(took_s(command, folder))
    click = times["import click"]
    print(f"{'rehearsal of the showcase':28} {first_s * 1000:7.0f} ms   {first_s / statistics.median(click):6.1f} x")
    for what, rounds in times.items():
        ratio = statistics.median(mine / its for mine, its in zip(rounds, click, strict=True))
        print(f"{what:28} {statistics.median(rounds) * 1000:7.0f} ms   {ratio:6.1f} x")


if __name__ == "__main__":
    main()
