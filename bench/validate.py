"""How `scorefile validate` of 10,000 cells and of 10,000 jobs compares to starting Python: python bench/validate.py."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 5
PIPELINE = """version: 1
vars: {{game: Emberfall}}
defaults: {{model: pixazo/ace-step-xl, params: {{duration: 60}}}}
jobs:
  big:
    matrix:
      place: [{places}]
      mood: [{moods}]
      heat: {{{bad}, {heats}}}
    prompt: "{{{{ place }}}} and {{{{ mood }}}} of {{{{ game }}}}"
    params: {{bpm: "{{{{ heat }}}}"}}
"""


def pipeline(*, bad: str) -> str:
    """Return a pipeline of 10,000 cells; `bad` is one point of the axis `heat`."""
    return PIPELINE.format(
        places=", ".join(f"place{n}" for n in range(50)),
        moods=", ".join(f"mood{n}" for n in range(20)),
        heats=", ".join(f"h{n}: {90 + n}" for n in range(9)),
        bad=bad,
    )


def written_out() -> str:
    """Return a pipeline of 10,000 jobs."""
    jobs = "".join(
        f"  cue-{n:05}:\n"
        f'    prompt: "Cue {n} of {{{{ game }}}}, strings and low brass, calm"\n'
        f"    params: {{bpm: {60 + n % 120}, key: D minor}}\n"
        for n in range(10_000)
    )
    return f"version: 1\nvars: {{game: Emberfall}}\ndefaults: {{model: pixazo/ace-step-xl, params: {{duration: 60}}}}\njobs:\n{jobs}"


def seconds(command: list[str], folder: str) -> tuple[float, str]:
    """Return the processor time of a process, user and system, and what it printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


def main() -> None:
    """Print one line for each pipeline, the median of ROUNDS."""
    with tempfile.TemporaryDirectory() as folder:
        start = statistics.median(seconds([sys.executable, "-c", "pass"], folder)[0] for _ in range(ROUNDS))
        print(f"python -c pass         {start:6.2f} s")
        cells = {"one bad value": pipeline(bad="hot: 400"), "all right": pipeline(bad="hot: 140")}
        for name, text in (cells | {"written out": written_out()}).items():
            Path(folder, "scorefile.yaml").write_text(text, encoding="utf-8")
            command = [sys.executable, "-m", "runner", "validate"]
            median = statistics.median(seconds(command, folder)[0] for _ in range(ROUNDS))
            print(f"validate, {name:13}{median:6.2f} s  {median / start:6.0f} x")
        Path(folder, "scorefile.yaml").write_text(pipeline(bad="hot: 400"), encoding="utf-8")
        print(seconds(command, folder)[1], end="")


if __name__ == "__main__":
    main()
