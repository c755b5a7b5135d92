"""Where a run decodes, measures and composes: in threads and processes of this machine, or on a Dask cluster."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

from runner.engine.computing import RepeatingExecutor
from runner.engine.growing import GrowingExecutor
from runner.state.files.processes import process_pool

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Executor

    from runner.commands.options import RunOptions

MOST = 8
"""So many processes are started without being asked for: each one takes 80 MB."""


@contextmanager
def open_cpu(options: RunOptions, tasks: int) -> Iterator[Executor]:
    """Yield the executor for what takes processor time; about so many `tasks` follow. Raises UsageError for a cluster that cannot be used."""
    if options.dask is not None:
        from runner.engine.dask_cluster import open_dask

        with open_dask(options.dask) as cluster:
            yield cluster
    elif options.processes:
        with _processes(options.processes, f"--processes {options.processes}") as processes:
            yield processes
    else:
        count = os.cpu_count() or 1
        threads = ThreadPoolExecutor(max_workers=max(2, count), thread_name_prefix="cpu")
        if count == 1:
            with threads:
                yield threads
            return

        def opened() -> Executor:
            return _processes(min(count, MOST), "a process of this run")

        with GrowingExecutor(threads, opened, count=count, tasks=tasks) as growing:
            yield growing


def _processes(count: int, where: str) -> Executor:
    remedy = "run again: what was paid for is fetched free of charge; without --processes, threads do the work"
    return RepeatingExecutor(lambda: process_pool(count), where=where, remedy=remedy)
