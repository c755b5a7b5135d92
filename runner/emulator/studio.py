"""Make placeholder audio in two worker processes, in a folder that is deleted when they stop."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from runner.emulator.synth import write
from runner.records.media_types import EXTENSIONS
from runner.state.files.processes import process_pool

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Executor, Future

    from runner.emulator.jobs import Job

WORKERS = 2


class Studio:
    """Makes the takes of jobs in the background, as files in `folder`."""

    def __init__(self, pool: Executor, folder: Path) -> None:
        self.pool = pool
        self.folder = folder

    def begin(self, job: Job) -> None:
        """Start every take of `job`."""
        extension = EXTENSIONS[job.scores[0].media_type]
        names = ["output"] if len(job.scores) == 1 else [f"output_{take}" for take in range(len(job.scores))]
        home = self.folder / job.token
        home.mkdir()
        job.files = tuple(home / f"{name}{extension}" for name in names)
        job.work = tuple(self.pool.submit(write, *order) for order in zip(job.scores, job.files, strict=True))


@contextmanager
def open_studio() -> Iterator[Studio]:
    """Yield a Studio whose workers are starting; at the end, stop them and delete their files."""
    with (
        tempfile.TemporaryDirectory(prefix="scorefile-emulator-", ignore_cleanup_errors=True) as folder,
        process_pool(WORKERS) as pool,
    ):
        warm: list[Future[None]] = [pool.submit(_warm_up) for _ in range(WORKERS)]
        yield Studio(pool, Path(folder))
        for future in warm:
            future.cancel()
        pool.shutdown(wait=True, cancel_futures=True)


def _warm_up() -> None:
    """Import what every take needs."""
    import runner.audio.encode  # numpy and FFmpeg belong in the worker processes
    import runner.audio.sketch.composer  # noqa: F401 - the same
