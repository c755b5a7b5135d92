"""One writer: the lock that a run holds on its state folder.

The kernel releases it when its holder dies, so there is no stale lock and nothing to unlock by hand. Its file is never
deleted; a second file names the holder, for messages only.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
from typing import TYPE_CHECKING

from runner.errors import RunLockedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def lock_file(folder: Path) -> Path:
    """Return the file in a state folder that a run locks. Its content and its times mean nothing."""
    return folder / "run.flock"


@contextlib.contextmanager
def hold(folder: Path, *, now: str, timeout_s: float) -> Iterator[None]:
    """Hold the run lock of a state folder, waiting up to `timeout_s` seconds (0: not at all).

    Raises RunLockedError naming the holder.
    """
    import filelock

    folder.mkdir(parents=True, exist_ok=True)
    holder = folder / "run.holder"
    lock = filelock.FileLock(lock_file(folder), timeout=timeout_s, mode=0o600)
    try:
        lock.acquire()
    except filelock.Timeout:
        raise RunLockedError(
            f"another run holds {folder}: {_describe(holder)}",
            help="wait for it to end, or pass --lock-timeout SECONDS",
        ) from None
    try:
        holder.write_text(
            json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": now}), encoding="utf-8"
        )
        yield
    finally:
        # Windows refuses to remove a file that another process is reading.
        with contextlib.suppress(PermissionError):
            holder.unlink(missing_ok=True)
        lock.release()


def _describe(holder: Path) -> str:
    try:
        facts = json.loads(holder.read_text(encoding="utf-8"))
        return f"process {facts['pid']} on {facts['host']}, since {facts['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "a process that has just started"
