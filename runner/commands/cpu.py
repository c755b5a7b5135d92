"""Where a run decodes, measures and composes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Executor

    from runner.commands.options import RunOptions


@contextmanager
def open_cpu(options: RunOptions) -> Iterator[Executor]:
    """Yield the executor for work that takes processor time."""
    with ThreadPoolExecutor(max_workers=max(2, options.jobs // 2), thread_name_prefix="cpu") as threads:
        yield threads
