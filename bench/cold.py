"""A cold run against a bare httpx loop of the same three requests a job: python bench/cold.py [--jobs N]."""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
PIPELINE = """\
version: 1
name: cold
providers: {{pixazo: {{max_in_flight: {slots}, poll_s: {poll_s}}}}}
defaults: {{model: pixazo/ace-step, output: "audio/{{{{ job.id }}}}"}}
jobs:
  cue:
    matrix: {{number: [{numbers}]}}
    prompt: "cue {{{{ number }}}}, low brass"
"""
LOOP = """
import sys, httpx, pathlib
base, jobs, folder = sys.argv[1], int(sys.argv[2]), pathlib.Path(sys.argv[3])
with httpx.Client() as client:
    for number in range(jobs):
        job = client.post(base + "/ace-step/generate", json={"prompt": f"cue {number}, low brass"}).json()["request_id"]
        url = client.get(f"{base}/v2/requests/status/{job}").json()["output"]["media_url"][0]
        (folder / f"{number}.wav").write_bytes(client.get(url).content)
"""


@contextmanager
def vendor(*arguments: str) -> Iterator[str]:
    """Yield the address of a vendor in a process of its own."""
    command = [sys.executable, str(ROOT / "bench" / "vendor.py"), *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()


def timed(command: list[str], **given: object) -> tuple[float, float]:
    """Return wall time and processor time of one process in seconds."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, **given)  # type: ignore[call-overload]
    wall_s, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall_s, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def write(folder: Path, jobs: int, *, slots: int, poll_s: float) -> None:
    numbers = ", ".join(str(number) for number in range(jobs))
    (folder / "scorefile.yaml").write_text(PIPELINE.format(numbers=numbers, slots=slots, poll_s=poll_s))


def run(folder: Path, url: str, slots: int) -> tuple[float, float]:
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PIXAZO_API_KEY": "no-real-key", "SCOREFILE_PIXAZO_BASE_URL": url}
    command = [sys.executable, "-m", "runner", "run", "--yes", "-q", "--progress", "none", "-j", str(slots)]
    return timed(command, cwd=folder, env=env, stdout=subprocess.DEVNULL)


def main() -> None:
    """Print jobs a second of both, and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--slots", type=int, default=32)
    parser.add_argument("--only", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR")) as name, vendor() as url:
        folder = Path(name)
        (folder / "plain").mkdir()
        loop_s = 1.0
        if not given.only:
            loop_s, cpu_s = timed([sys.executable, "-c", LOOP, url, str(given.jobs), str(folder / "plain")])
            print(f"httpx loop  {given.jobs / loop_s:7.1f} jobs/s, {cpu_s / given.jobs * 1000:.2f} ms CPU a job")
        write(folder, given.jobs, slots=given.slots, poll_s=0.001)
        mine_s, cpu_s = run(folder, url, given.slots)
        print(
            f"scorefile   {given.jobs / mine_s:7.1f} jobs/s, {cpu_s / given.jobs * 1000:.2f} ms CPU a job; ratio {loop_s / mine_s:.2f}"
        )
        made = len(list((folder / "audio").glob("*.wav")))
        assert made == given.jobs, f"{made} of {given.jobs} made"


if __name__ == "__main__":
    main()
