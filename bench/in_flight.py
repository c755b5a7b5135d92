"""Ten thousand jobs at one provider at once: memory of the whole process, and how late the latest poll or other alarm is."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from bench import projects
from bench.measure import Row, Size, run

if TYPE_CHECKING:
    from collections.abc import Iterator

CHILD = """
import json, sys
from runner.cli.main import main
from runner.engine.executor import Executor

late, wake_due = [0.0], Executor._wake_due

def watched(self):
    now = self._world.monotonic()
    late[0] = max(late[0], now - (self._alarms.next_at() or now))
    wake_due(self)

Executor._wake_due = watched
try:
    main()
finally:
    print(json.dumps(late[0]), flush=True)
"""


def rows(size: Size) -> Iterator[Row]:
    """Yield one row."""
    jobs, latency_s, poll_s = size.of(10_000, 20), size.of(20, 1), size.of(5, 1)
    place = projects.write(projects.folder(), projects.cues(jobs), slots=jobs, poll_s=poll_s)
    with projects.vendor("--latency", str(latency_s), "--bytes", "20000") as url:
        command = (sys.executable, "-c", CHILD, *projects.RUN[4:], "-j", str(jobs))
        cost = run(command, place, projects.vendor_env(url))
        most = projects.stats(url)["most"]
    late_s = json.loads(cost.out.splitlines()[-1])
    projects.check(place, jobs)
    projects.MADE[jobs] = place
    yield Row(
        what=f"{jobs:,} in flight, latency {latency_s} s, poll {poll_s} s",
        ours=f"{cost.mib:.0f} MiB, latest poll {late_s:.2f} s late, {most:.0f} at once, {cost.wall_s:.0f} s in all",
        bar="under 286 MiB (300 MB), at most 1 s late, all at once",
        met=cost.mib < 286 and late_s <= 1 and most == jobs,
    )
