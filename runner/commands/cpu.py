"""Where a run decodes, measures and composes: in threads, in processes of this machine, or on a Dask cluster."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

from runner.engine.computing import RepeatingExecutor
from runner.state.files.processes import process_pool

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Executor

    from runner.commands.options import RunOptions


@contextmanager
def open_cpu(options: RunOptions) -> Iterator[Executor]:
    """Yield the executor for what takes processor time. Raises UsageError for a cluster that cannot be used."""
    if options.dask is not None:
        from runner.engine.dask_cluster import open_dask

        with open_dask(options.dask) as cluster:
            yield cluster
    elif options.processes:
        count = options.processes
        remedy = "run again: what was paid for is fetched free of charge; without --processes, threads do the work"
        with RepeatingExecutor(lambda: process_pool(count), where=f"--processes {count}", remedy=remedy) as processes:
            yield processes
    else:
        with ThreadPoolExecutor(max_workers=os.cpu_count() or 2, thread_name_prefix="cpu") as threads:
            yield threads
