"""Ten thousand jobs at one provider at once: memory, and how late polls are: python bench/in_flight.py [--jobs N]."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

from cold import ROOT, vendor, write

CHILD = """
import json, resource, sys
from runner.cli.main import call
from runner.engine.executor import Executor

late, wake_due = [0.0], Executor._wake_due

def watched(self):
    now = self._world.monotonic()
    late[0] = max([late[0], *(now - due for due, alarm, job in self._heap[:1] if job.alarm == alarm)])
    wake_due(self)

Executor._wake_due = watched
code = call(sys.argv[1:])
print(json.dumps({"code": code, "late_s": late[0], "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
"""


def main() -> None:
    """Print the figures of one run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--latency", type=float, default=20.0)
    parser.add_argument("--poll", type=float, default=5.0)
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR")) as name,
        vendor("--latency", str(given.latency), "--bytes", "20000") as url,
    ):
        folder = Path(name)
        write(folder, given.jobs, slots=min(given.jobs, 10_000), poll_s=given.poll)
        env = {**os.environ, "PYTHONPATH": str(ROOT), "PIXAZO_API_KEY": "no-real-key", "SCOREFILE_PIXAZO_BASE_URL": url}
        command = ["run", "--yes", "-q", "--progress", "none", "-j", str(given.jobs)]
        done = subprocess.run(
            [sys.executable, "-c", CHILD, *command], cwd=folder, env=env, stdout=subprocess.PIPE, text=True, check=True
        )
        print(done.stdout.splitlines()[0])
        figures = json.loads(done.stdout.splitlines()[-1])
        with urllib.request.urlopen(f"{url}/stats") as answer:
            stats = json.load(answer)
        print(
            f"{given.jobs} jobs: {stats['most']:.0f} at the provider at once, {stats['polls']:.0f} polls, the latest poll "
            f"{figures['late_s']:.2f} s late, {figures['mib']:.0f} MiB"
        )
        made = len(list((folder / "audio").glob("*.wav")))
        assert made == given.jobs, f"{made} of {given.jobs} made"


if __name__ == "__main__":
    main()
