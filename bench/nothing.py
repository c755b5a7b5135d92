"""`run` with nothing to do: whole processes, after two runs that had nothing to do either.

The peers have the same job list, one file to read and one to write for each job. Snakemake and DVC are slow, so they are compared at
fewer jobs.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from bench import peers, projects
from bench.measure import Row, Size, at_most, interleaved, ratio, run, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

BARS = {"ninja": 2.0, "doit": 1.0, "make": 1.0, "make -r": 1.0}


def rows(size: Size) -> Iterator[Row]:
    """Yield one row a peer."""
    yield from _against(size.of(10_000, 20), ("ninja", "doit", "make", "make -r"), rounds=size.of(7, 1))
    yield from _against(size.of(300, 5), ("snakemake", "dvc"), rounds=size.of(3, 1))


def _against(jobs: int, names: tuple[str, ...], *, rounds: int) -> Iterator[Row]:
    place, beside, named = projects.made(jobs), projects.folder(), projects.cues(jobs)
    peers.lay_out(beside, named)
    ours = partial(run, projects.RUN, place, projects.vendor_env())
    for _ in range(2):
        assert not ours().out.strip() or "nothing to do" in ours().out
    found = {name: again for name in names if (again := peers.ready(name, beside, named))}
    took = interleaved(rounds, {"": lambda: ours().wall_s, **found})
    for name in names:
        what = f"`run` with nothing to do, {jobs:,} jobs"
        if name not in found:
            yield Row(what=what, ours=shown(took[""]), peer=f"{name}: not installed")
            continue
        times = ratio(took[""], took[name])
        bar = at_most(times, BARS[name], " x") if name in BARS else {}
        yield Row(what=what, ours=shown(took[""]), peer=f"{name} {shown(took[name])}", ratio=times, **bar)
