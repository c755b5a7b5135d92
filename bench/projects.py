"""The pipelines that are measured, all of one list of cues, and the vendor that they are run against."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bench.measure import ENV, ROOT, SCOREFILE, Cost, run

if TYPE_CHECKING:
    from collections.abc import Iterator

PIPELINE = """\
version: 1
name: bench
providers: {{pixazo: {{max_in_flight: {slots}, poll_s: {poll_s}}}}}
defaults: {{model: pixazo/ace-step, output: "audio/{{{{ job.id }}}}"}}
jobs:
  cue:
    matrix:
      words:
{points}
    prompt: "{{{{ words }}}}, low brass"
"""
RUN = (*SCOREFILE, "run", "--yes", "-q", "--progress", "none")
MADE: dict[int, Path] = {}
"""Number of jobs → a project in which they are all made; `vendor_env` without an address is its environment."""


def cues(jobs: int) -> dict[str, str]:
    """Return the job list: name → words of the prompt."""
    return {f"c{number:05}": f"cue {number}, calm strings" for number in range(jobs)}


def folder() -> Path:
    """Return a new folder that goes when this process ends, in BENCH_DIR if that is set."""
    made = Path(tempfile.mkdtemp(prefix="bench-", dir=os.environ.get("BENCH_DIR")))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def write(place: Path, named: dict[str, str], *, slots: int = 40, poll_s: float = 0.001) -> Path:
    """Write the pipeline of these cues, and return the folder."""
    points = "\n".join(f"        {name}: {words!r}" for name, words in named.items())
    (place / "scorefile.yaml").write_text(PIPELINE.format(points=points, slots=slots, poll_s=poll_s))
    return place


@contextmanager
def vendor(*arguments: str) -> Iterator[str]:
    """Yield the address of a vendor in a process of its own."""
    command = [sys.executable, "-m", "bench.vendor", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def vendor_env(url: str = "http://127.0.0.1:9") -> dict[str, str]:
    """Return the environment of a run against a vendor."""
    return {**ENV, "PIXAZO_API_KEY": "no-real-key", "SCOREFILE_PIXAZO_BASE_URL": url}


def stats(url: str) -> dict[str, float]:
    """Return what the vendor has counted so far."""
    with urllib.request.urlopen(f"{url}/stats") as answer:
        counted: dict[str, float] = json.load(answer)
    return counted


def made_in(place: Path, url: str, jobs: int, *, slots: int) -> Cost:
    """Run the pipeline of a folder, and check that all its jobs are made."""
    cost = run((*RUN, "-j", str(slots)), place, vendor_env(url))
    check(place, jobs)
    return cost


def check(place: Path, jobs: int) -> None:
    """Raise AssertionError unless a folder has the outputs of so many jobs."""
    found = sum(1 for _ in (place / "audio").glob("*.wav"))
    assert found == jobs, f"{found} of {jobs} made"


def made(jobs: int) -> Path:
    """Return a project in which so many jobs are made, by a real run if there is none yet."""
    if jobs not in MADE:
        with vendor("--bytes", "20000") as url:
            place = write(folder(), cues(jobs))
            made_in(place, url, jobs, slots=40)
        MADE[jobs] = place
    return MADE[jobs]
