"""A vendor that says by 429 alone how many jobs it allows, against what it could do at best (jobs / allowed x 1 s).

Two runs, each of jobs of its own: the second starts with what the first has learned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench import projects
from bench.measure import Row, Size

if TYPE_CHECKING:
    from collections.abc import Iterator

ALLOWED = 5


def rows(size: Size) -> Iterator[Row]:
    """Yield one row a run."""
    jobs, place, refused = size.of(100, 10), projects.folder(), 0.0
    job_s = size.of(10, 1) / 10
    with projects.vendor("--latency", str(job_s), "--allowed", str(ALLOWED), "--bytes", "20000") as url:
        for number in (1, 2):
            projects.write(place, projects.cues(number * jobs), slots=32, poll_s=0.1)
            wall_s = projects.made_in(place, url, number * jobs, slots=32).wall_s
            told = projects.stats(url)["refused"] - refused
            refused += told
            ideal_s = jobs / ALLOWED * job_s
            times = wall_s / ideal_s
            yield Row(
                what=f"429 storm: {ALLOWED} allowed in flight, {jobs} jobs of {job_s:.1f} s, run {number}",
                ours=f"{wall_s:.1f} s, {told / (jobs + told):.2f} of submits refused",
                peer=f"ideal {ideal_s:.1f} s",
                ratio=times,
                bar="at most 1.2 x, under 0.2 refused",
                met=times <= 1.2 and told / (jobs + told) < 0.2,
            )
