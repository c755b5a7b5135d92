"""All that a run writes, behind one writer: journal rows, the lock, blobs, outputs."""

from __future__ import annotations

import contextlib
import os
import sys
from collections import Counter
from typing import TYPE_CHECKING

from runner.errors import NotWritableError, StateError
from runner.state import lock_rules
from runner.state.blobs.protocol import save_bytes
from runner.state.disk_reserve import DiskReserve
from runner.state.journal import Journal
from runner.state.lock_writer import LockWriter
from runner.state.lockfile import read_lock
from runner.state.outputs import Outputs
from runner.state.receipt_index import ReceiptIndex

if TYPE_CHECKING:
    from pathlib import Path

    from runner.records.lock import Entry, Lock
    from runner.records.submission import Event, Submission
    from runner.state.blobs.protocol import Blobs


class StateStore:
    """The journal, lock, blobs and outputs of one pipeline, open for writing. Needs the run lock."""

    def __init__(
        self, *, root: Path, lock_path: Path, journal_path: Path, blobs: Blobs, rehearsal: bool, keep_lock: bool = False
    ) -> None:
        _check_writable(lock_path)
        self.blobs = blobs
        self._keep_lock = keep_lock
        self.lock = read_lock(lock_path, rehearsal=rehearsal)
        self._lock_writer = LockWriter(lock_path, self.lock)
        self._outputs = Outputs(root, blobs)
        self._in_use = Counter(path for entry in self.lock.jobs.values() for path in entry.paths)
        self._journal = Journal(journal_path)
        self._receipts = ReceiptIndex(self.lock, self._journal.events)
        self.broken: str | None = None
        self._reserve = DiskReserve(journal_path.with_suffix(".reserve"))
        self._reserve.set_aside()

    @property
    def events(self) -> tuple[Event, ...]:
        """The journal as it was when it was opened."""
        return self._journal.events

    # ------------------------------------------------------------ journal

    def record(self, *events: Event) -> None:
        """Make rows durable. Raises StateError when they cannot be."""
        self._journal.append(events)
        self._receipts.add(events)

    def record_paid(self, provider: str, *events: Event) -> None:
        """Make rows durable that prove a payment.

        When they cannot be written, the disk reserve is freed and the write is retried once. From then on every receipt
        also goes to standard error, and `broken` tells the engine to submit nothing more.
        """
        self._receipts.add(events)
        try:
            self._journal.append(events)
        except StateError as error:
            self.broken = error.message
            self._reserve.give_up()
            with contextlib.suppress(StateError):
                self._journal.append(events)
        if self.broken is not None:
            for event in events:
                if "request_id" in event.data:
                    _print_paid(provider, str(event.data["request_id"]), event.job)

    def is_held_by_another(self, provider: str, request_id: str, attempt: str | None) -> bool:
        """Return whether an id of this provider is another submission's receipt; attempt None: one that only the lock knows."""
        return self._receipts.is_held_by_another(provider, request_id, attempt)

    # ------------------------------------------------------------ blobs

    def keep(self, data: bytes) -> str:
        """Save bytes of a provider's answer in the store, durably, and return their SHA-256."""
        return save_bytes(self.blobs, data)

    def kept(self, sha256: str) -> bytes:
        """Return bytes that `keep` saved. Raises TakeMissing when they are gone."""
        with self.blobs.open(sha256) as file:
            return file.read()

    # ------------------------------------------------------------ lock and outputs

    def note_pending(self, submission: Submission, *, private: bool) -> None:
        """Enter the receipt of an accepted submission into the lock."""
        self._become(lock_rules.with_pending(self.lock, submission, private=private), submission.job)

    def drop_pending(self, submission: Submission) -> None:
        """Remove the pending receipt of a submission that ended without a result from the lock."""
        self._become(lock_rules.without_pending(self.lock, submission), submission.job)

    def finish(self, submission: Submission, *, job: str, output: str, take: int, private: bool) -> Entry:
        """Write the chosen take of a finished submission to `output` and return its entry, entered into the lock."""
        entry = lock_rules.result(self.lock, submission, job=job, take=take, private=private)
        return self.bring(job, entry, submission.job, output=output, take=take)

    def bring(self, job: str, entry: Entry, entry_job: str, *, output: str, take: int) -> Entry:
        """Put the chosen take of an entry at `output`, under the name `job`, and return the entry as it is now.

        Raises TakeMissing when the take is nowhere, StateError when something that is not ours is in the way, or when the
        lock is to stay as it is and would change.
        """
        before = self.lock.jobs.get(job)
        mine = entry.takes + (before.takes if before is not None else ())
        # Checked before anything is saved in the store: that the lock names a file does not prove that we wrote it.
        stale = self._outputs.stored({item.path for item in mine if item.path} - {output})
        previous = next(iter(entry.paths), None)
        hashes = frozenset(item.sha256 for item in mine)
        after = lock_rules.with_placed(self.lock, job, entry, source=entry_job, output=output, take=take)
        self._changed(after, job, entry_job)
        self._outputs.put(entry.chosen(take).sha256, output, previous=previous, mine=hashes)
        self._become(after, job, entry_job)
        self._outputs.remove({path: sha256 for path, sha256 in stale.items() if not self._in_use[path]})
        return after.jobs[job]

    def tick(self) -> None:
        """Write the lock if it changed and is due. The loop calls this as time passes."""
        self._lock_writer.write_when_due(self.lock)

    def close(self) -> None:
        """Write the lock if it changed, and close the journal."""
        try:
            self._lock_writer.write(self.lock)
        finally:
            self._journal.close()

    def _become(self, lock: Lock, *jobs: str) -> None:
        """Take the next lock, which differs in these jobs at most, and count which paths are in use."""
        changed = self._changed(lock, *jobs)
        if not changed:
            return
        for job in changed:
            before, after = self.lock.jobs.get(job), lock.jobs.get(job)
            self._in_use.subtract(before.paths if before is not None else ())
            self._in_use.update(after.paths if after is not None else ())
        self.lock = lock

    def _changed(self, lock: Lock, *jobs: str) -> list[str]:
        """Return which of these jobs differ in the next lock. Raises StateError when the lock is to stay as it is."""
        changed = [job for job in sorted(set(jobs)) if self.lock.jobs.get(job) != lock.jobs.get(job)]
        if changed and self._keep_lock:
            raise StateError(
                f"the audio is not the audio that the lock names for {changed[0]}",
                help="run without --locked to update the lock",
            )
        return changed


def _check_writable(lock_path: Path) -> None:
    """Raise NotWritableError before anything is paid for when the lock cannot be written."""
    for path in (lock_path.parent, lock_path):
        if path.exists() and not os.access(path, os.W_OK):
            raise NotWritableError(f"{path} cannot be written", help="make it writable; nothing was sent")


def _print_paid(provider: str, request_id: str, job: str) -> None:
    """Write a receipt to standard error, when no disk takes it; what steers a terminal is written as its escape."""
    request_id = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in request_id)
    sys.stderr.write(f"PAID provider={provider} id={request_id} job={job}\n")
    sys.stderr.flush()
