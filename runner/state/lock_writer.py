"""When the lock is written: at most every two seconds while jobs end, and always at the end.

The lock is the slow, shared copy of what the journal knows. Other programs write it, too: git does when somebody pulls
or checks out another commit while a run goes on. So the file is read again before each write, and joined.
"""

from __future__ import annotations

import os
import time
from functools import partial
from typing import TYPE_CHECKING

from runner.errors import NotWritableError, StateError
from runner.state import lock_rules
from runner.state.files.atomic import write_atomic
from runner.state.lock_text import LockText, readable
from runner.state.lockfile import read_bytes, understood

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from runner.records.lock import Lock

LOCK_EVERY_S = 2.0
WRITING_SHARE = 20
"""A lock that takes long to write is written less often: the pause is the time of the last write times this."""


class LockWriter:
    """Reads and writes the lock of one run. `known`: what was in the file before, and the lock that it makes.

    Raises NotWritableError before anything is paid for when the file cannot be written.
    """

    def __init__(
        self,
        path: Path,
        *,
        rehearsal: bool,
        known: tuple[bytes | None, Lock] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        _check_writable(path)
        self._path, self._rehearsal, self._monotonic = path, rehearsal, monotonic
        self.seen = read_bytes(path)
        """What the file holds, as far as this run knows."""
        self.lock = known[1] if known is not None and known[0] == self.seen else self._understood(self.seen)
        """The lock as it was when it was opened."""
        self._text = LockText(self.lock, self.seen)
        self._written: Lock | None = None
        self._next_at = float("-inf")

    @property
    def is_due(self) -> bool:
        """Whether the last write is long enough ago."""
        return self._monotonic() > self._next_at

    def write_when_due(self, lock: Lock) -> Lock:
        """Write a lock that changed, unless the last write is too recent; return it with what the file knew beside.

        A write that fails, or is refused, is tried again later, at last by `write`: until then the journal knows all
        that it says.
        """
        if lock is self._written or not self.is_due:
            return lock
        try:
            return self.write(lock)
        except (OSError, StateError):
            self._next_at = self._monotonic() + LOCK_EVERY_S
            return lock

    def write(self, lock: Lock) -> Lock:
        """Write a lock, joined with what is in the file now, and return it.

        Raises OSError, and StateError when the file or the new lock cannot be read: then the file stays as it is.
        """
        started = self._monotonic()
        while True:
            found = read_bytes(self._path)
            if found is not None and found != self.seen:
                lock = lock_rules.join(lock, self._understood(found))
            data = readable(self._path, lock, self._text)
            if found is None and lock.is_empty:
                break
            if data == found or write_atomic(self._path, data, unless=partial(self._is_not, found)):
                self.seen = data
                break
        ended = self._monotonic()
        self._written = lock
        self._next_at = ended + LOCK_EVERY_S + WRITING_SHARE * (ended - started)
        return lock

    def _is_not(self, found: bytes | None) -> bool:
        """Say whether another program has written the file since it was read."""
        return read_bytes(self._path) != found

    def _understood(self, data: bytes | None) -> Lock:
        return understood(self._path, data, rehearsal=self._rehearsal)


def _check_writable(lock_path: Path) -> None:
    """Raise NotWritableError before anything is paid for when the lock cannot be written."""
    for path in (lock_path.parent, lock_path):
        if path.exists() and not os.access(path, os.W_OK):
            raise NotWritableError(f"{path} cannot be written", help="make it writable; nothing was sent")
