"""A cold run of instant jobs against a bare httpx loop of the same three requests a job; the makespan of jobs of 1 s; a restore.

The loop and the runs are whole processes against one vendor. The ideal makespan is jobs / slots x 1 s and the time of a run of one
instant job of the same pipeline, which is start-up. A restore is a run in a fresh checkout that has the store and no journal.
"""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

from bench import projects
from bench.measure import Row, Size, at_least, at_most, interleaved, ratio, run, shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOOP = """
import sys, httpx, pathlib
base, jobs, folder = sys.argv[1], int(sys.argv[2]), pathlib.Path(sys.argv[3])
with httpx.Client() as client:
    for number in range(jobs):
        job = client.post(base + "/ace-step/generate", json={"prompt": f"cue {number}, low brass"}).json()["request_id"]
        url = client.get(f"{base}/v2/requests/status/{job}").json()["output"]["media_url"][0]
        (folder / f"{number}.wav").write_bytes(client.get(url).content)
"""


def rows(size: Size) -> Iterator[Row]:
    """Yield the three rows."""
    jobs = size.of(1000, 20)
    places: list[Path] = []
    with projects.vendor() as url:

        def ours() -> float:
            places.append(projects.write(projects.folder(), projects.cues(jobs), slots=32))
            return projects.made_in(places[-1], url, jobs, slots=32).wall_s

        def loop() -> float:
            place = projects.folder()
            return run((sys.executable, "-c", LOOP, url, str(jobs), str(place)), place).wall_s

        took = interleaved(size.of(3, 1), {"ours": ours, "loop": loop})
    rate = ratio(took["loop"], took["ours"])
    yield Row(
        what=f"cold run, {jobs:,} jobs, latency 0, 200 kB of audio (jobs a second)",
        ours=f"{jobs / min(took['ours']):.0f}/s",
        peer=f"httpx loop {jobs / min(took['loop']):.0f}/s",
        ratio=rate,
        **at_least(rate, 0.5, " x"),
    )
    yield _restored(places[-1], jobs, rounds=size.of(3, 1))
    yield _makespan(size.of(400, 20), size.of(40, 20), rounds=size.of(2, 1))


def _restored(place: Path, jobs: int, *, rounds: int) -> Row:
    def ours() -> float:
        checkout = projects.folder()
        for name in ("scorefile.yaml", "scorefile.lock"):
            shutil.copy(place / name, checkout)
        shutil.copytree(place / ".scorefile" / "blobs", checkout / ".scorefile" / "blobs")
        cost = run(projects.RUN, checkout, projects.vendor_env())
        projects.check(checkout, jobs)
        return cost.wall_s

    def copied() -> float:
        return run(("cp", "-r", str(place / "audio"), str(projects.folder())), place).wall_s

    took = interleaved(rounds, {"ours": ours, "copied": copied})
    what = f"{jobs:,} outputs of 200 kB restored in a fresh checkout"
    times = ratio(took["ours"], took["copied"])
    return Row(what=what, ours=shown(took["ours"]), peer=f"cp -r {shown(took['copied'])}", ratio=times)


def _makespan(jobs: int, slots: int, *, rounds: int) -> Row:
    walls, ideals = [], []
    with projects.vendor("--latency", "1", "--bytes", "20000") as slow, projects.vendor("--bytes", "20000") as instant:
        for _ in range(rounds):
            place, other = (
                projects.write(projects.folder(), projects.cues(jobs), slots=slots, poll_s=0.05) for _ in range(2)
            )
            walls.append(projects.made_in(place, slow, jobs, slots=slots).wall_s)
            one = (*projects.RUN, "--target", "cue@c00000")
            ideals.append(jobs / slots + run(one, other, projects.vendor_env(instant)).wall_s)
    times = ratio(walls, ideals)
    what = f"makespan of {jobs} jobs of 1 s over {slots} slots"
    return Row(
        what=what,
        ours=shown(walls),
        peer=f"ideal and start-up {shown(ideals)}",
        ratio=times,
        **at_most(times, 1.05, " x"),
    )
