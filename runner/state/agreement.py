"""What is noted once lock and journal say the same: who reads this lock then knows all without reading this journal.

The note is a digest of the bytes of both, so it says nothing as soon as one bit of either is another one. It spares
commands that only look; a run that may pay always reads the journal.
"""

from __future__ import annotations

import contextlib
import hashlib
from typing import TYPE_CHECKING

from runner import __version__
from runner.errors import StateError
from runner.state.files.atomic import write_atomic
from runner.state.files.folder import open_regular, read_regular
from runner.state.reconcile import Reconciled, says_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from runner.records.lock import Lock
    from runner.records.submission import Event, Submission

NAME = "agreed"
"""The file in a state folder."""
_BYTES = 64
"""A SHA-256 in hex."""


class Agreement:
    """The note beside the journal at `journal`."""

    def __init__(self, journal: Path) -> None:
        self._files = (journal, journal.with_name(f"{journal.name}-wal"), journal.with_suffix(".checkpoint"))
        self._note = journal.with_name(NAME)

    def digest(self, lock: bytes | None) -> str | None:
        """Return what the note holds when this lock and the journal as it is now say the same; None without one of them."""
        if lock is None or not self._files[0].exists():
            return None
        total = hashlib.sha256(f"{__version__}\n".encode())
        for part in (hashlib.sha256(lock), *map(_digest, self._files)):
            total.update(part.digest())
        return total.hexdigest()

    def is_noted(self, lock: bytes | None) -> bool:
        """Say whether the journal is known to say nothing that is not in this lock."""
        try:
            noted = read_regular(self._note, limit=_BYTES)
        except (OSError, ValueError):
            return False
        return noted.decode("ascii", "replace") == self.digest(lock)

    def reconcile(self, data: bytes | None, lock: Lock, read: Callable[[], Iterable[Event]]) -> Reconciled:
        """Return what a lock, which was read from `data`, and the journal's rows know together; note it if that is the same."""
        before = self.digest(data)
        known = Reconciled(lock, read())
        if not known.missing and self.digest(data) == before:
            self.note(before, lock, known.submissions)
        return known

    def note(self, digest: str | None, lock: Lock, submissions: Mapping[str, Submission]) -> None:
        """Note a digest if the lock that it covers says all that these submissions of its journal say."""
        if digest is not None and says_all(lock, submissions):
            with contextlib.suppress(OSError, StateError):  # it only saves time
                write_atomic(self._note, digest.encode(), mode=0o600)


def _digest(path: Path) -> hashlib._Hash:
    file = open_regular(path)
    if file is None:
        return hashlib.sha256()
    with file:
        return hashlib.file_digest(file, "sha256")
