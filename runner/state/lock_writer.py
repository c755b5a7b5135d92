"""When the lock is written: at most once a second while jobs end, and always at the end.

The lock is the slow, shared copy of what the journal knows.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from runner.errors import StateError
from runner.state.files.atomic import write_atomic
from runner.state.lockfile import readable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from runner.records.lock import Lock

LOCK_EVERY_S = 1.0
WRITING_SHARE = 10
"""A lock that takes long to write is written less often: the pause is the time of the last write times this."""


class LockWriter:
    """Writes the lock of one run."""

    def __init__(self, path: Path, lock: Lock, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._path, self._monotonic = path, monotonic
        self._written = lock
        self._next_at = float("-inf")

    def write_when_due(self, lock: Lock) -> None:
        """Write a lock that changed, unless the last write is too recent.

        A write that fails, or is refused, is tried again later, at last by `write`: until then the journal knows all
        that it says.
        """
        if lock is self._written or self._monotonic() <= self._next_at:
            return
        try:
            self.write(lock)
        except (OSError, StateError):
            self._next_at = self._monotonic() + LOCK_EVERY_S

    def write(self, lock: Lock) -> None:
        """Write a lock if it changed. Raises OSError, StateError when it could not be read again: the old one stays."""
        if lock is self._written:
            return
        started = self._monotonic()
        write_atomic(self._path, readable(self._path, lock))
        ended = self._monotonic()
        self._written = lock
        self._next_at = ended + LOCK_EVERY_S + WRITING_SHARE * (ended - started)
