"""The lock of 10,000 jobs, read and written after one job changed: each in a fresh process, which has just read it."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import sys
from typing import TYPE_CHECKING

from bench import projects
from bench.measure import Row, Size, at_most, run, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

CHILD = """
import json, pathlib, time
from msgspec.structs import replace
from runner.state.lock_writer import LockWriter

begun = time.perf_counter()
writer = LockWriter(pathlib.Path("scorefile.lock"), rehearsal=False)
read_s = time.perf_counter() - begun
entry = sorted(writer.lock.entries.values(), key=lambda entry: entry.job)[len(writer.lock.entries) // 2]
changed = replace(writer.lock, entries={**writer.lock.entries, entry.attempt: replace(entry, output=None)})
begun = time.perf_counter()
writer.write(changed)
print(json.dumps([read_s, time.perf_counter() - begun]))
"""


def rows(size: Size) -> Iterator[Row]:
    """Yield reading, writing and what one changed job is in a diff."""
    jobs, place = size.of(10_000, 20), projects.folder()
    lock = projects.made(jobs) / "scorefile.lock"
    took = []
    for _ in range(size.of(7, 1)):
        shutil.copy(lock, place)
        took.append(json.loads(run((sys.executable, "-c", CHILD), place).out))
    for what, seconds in zip(("read", "written"), zip(*took, strict=True), strict=True):
        bar = at_most(statistics.median(seconds), 0.3, " s")
        yield Row(what=f"lock of {jobs:,} jobs ({lock.stat().st_size >> 20} MiB) {what}", ours=shown(seconds), **bar)
    before, after = (file.read_text().splitlines() for file in (lock, place / lock.name))
    same = sum(len(os.path.commonprefix([before[::step], after[::step]])) for step in (1, -1))  # noqa: RUF071 - of lists
    span = max(len(before), len(after)) - same
    what = f"span of the diff of a lock of {jobs:,} jobs after one changed"
    yield Row(what=what, ours=f"{span} lines", **at_most(span, len(before) // jobs, " lines (one block)"))
