"""All that a run writes, behind one writer: journal rows, the lock, blobs, outputs."""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from runner.errors import NotWritableError, StateError
from runner.records.lock import Output, State, chosen_take
from runner.records.submission import Phase
from runner.state import lock_rules
from runner.state.blobs.protocol import save_bytes
from runner.state.disk_reserve import DiskReserve
from runner.state.journal import Journal
from runner.state.ledger import Ledger
from runner.state.lock_writer import LockWriter
from runner.state.outputs import Outputs
from runner.state.receipt_index import ReceiptIndex
from runner.state.reconcile import Reconciled, missing_rows
from runner.state.submissions import advance

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
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
        self._lock_writer = LockWriter(lock_path, rehearsal=rehearsal)
        self._outputs = Outputs(root, blobs)
        self._journal = Journal(journal_path)
        known = Reconciled(self._lock_writer.lock, self._journal.events)
        if known.missing:
            self._journal.append(known.missing)
        self._ledger = Ledger(known.lock)
        self.submissions = known.submissions
        """attempt → Submission: all that journal and lock know."""
        self._receipts = ReceiptIndex(self.submissions.values())
        self.broken: str | None = None
        self._reserve = DiskReserve(journal_path.with_suffix(".reserve"))
        self._reserve.set_aside()

    @property
    def lock(self) -> Lock:
        """The lock as it is now, with all that the journal knows."""
        return self._ledger.lock

    @property
    def lock_file(self) -> bytes | None:
        """What was last written to the file of the lock, or read from it; None when there was no file."""
        return self._lock_writer.seen

    @property
    def events(self) -> tuple[Event, ...]:
        """The journal as it was when it was opened."""
        return self._journal.events

    # ------------------------------------------------------------ journal

    def record(self, *events: Event) -> None:
        """Make rows durable, and take what they say into the lock. Raises StateError when they cannot be."""
        self._journal.append(events)
        self._learn(events)

    def record_paid(self, provider: str, *events: Event) -> None:
        """Make rows durable that prove a payment.

        When they cannot be written, the disk reserve is freed and the write is retried once. From then on every receipt
        also goes to standard error, and `broken` tells the engine to submit nothing more.
        """
        self._learn(events)
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

    def is_held_by_another(self, provider: str, request_id: str, attempt: str) -> bool:
        """Return whether an id of this provider is another submission's receipt."""
        return self._receipts.is_held_by_another(provider, request_id, attempt)

    def _learn(self, events: Iterable[Event]) -> None:
        for row in events:
            self.submissions[row.attempt] = advance(self.submissions.get(row.attempt), row)
        for attempt in dict.fromkeys(row.attempt for row in events):
            item = self.submissions[attempt]
            self._receipts.add(item)
            entry = lock_rules.entry_of(item)
            if entry is not None and (self._ledger.get(attempt) is not None or _is_news(item, entry)):
                self._ledger.learn(entry)

    # ------------------------------------------------------------ blobs

    def keep(self, data: bytes) -> str:
        """Save bytes of a provider's answer in the store, durably, and return their SHA-256."""
        return save_bytes(self.blobs, data)

    def kept(self, sha256: str) -> bytes:
        """Return bytes that `keep` saved. Raises TakeMissing when they are gone."""
        with self.blobs.open(sha256) as file:
            return file.read()

    # ------------------------------------------------------------ lock and outputs

    def take_up(self, owners: Mapping[str, str]) -> None:
        """Record which job each of these attempts belongs to now; nothing when the lock is to stay as it is."""
        before = self.lock
        for attempt, job in owners.items():
            entry = self._ledger.get(attempt)
            if entry is None or entry.job == job or self._keep_lock:
                continue
            picked = before.picked(entry.job, entry)
            if picked is not None and not before.picks.get(job):
                self._ledger.pick(job, picked.sha256)
            self._ledger.give(entry, job, entry.output)
            if attempt in self.submissions:
                self.submissions[attempt] = replace(self.submissions[attempt], job=job)

    def pick(self, job: str, sha256: str) -> bool:
        """Record that a person chose a take for a job; say whether that is new."""
        if self.lock.chosen(job) == {sha256}:
            return False
        self._ledger.pick(job, sha256)
        return True

    def finish(self, submission: Submission, *, job: str, output: str, take: int, profile: str | None = None) -> Entry:
        """Write the take of this number of a finished submission to `output` and return its entry, entered into the lock."""
        made = lock_rules.entry_of(replace(submission, phase=Phase.DONE))
        assert made is not None
        same = self._made_here_before(job, made)
        sha256 = chosen_take(submission.takes, take).sha256
        return self.bring(job, same or made, Output(path=output, sha256=sha256, profile=profile))

    def _made_here_before(self, job: str, made: Entry) -> Entry | None:
        """Return the entry that says the same of a free result that was made here again, so that nothing in it changes."""
        if made.receipt is not None:
            return None
        hashes = [take.sha256 for take in made.takes]
        return next(
            (
                entry
                for entry in self._ledger.of_job(job)
                if entry.receipt is None and entry.output is not None and entry.fingerprint == made.fingerprint
                if [take.sha256 for take in entry.takes] == hashes
            ),
            None,
        )

    def bring(self, job: str, entry: Entry, output: Output) -> Entry:
        """Put a take of an entry at its output, for the job `job`, and return the entry as it is now.

        Raises TakeMissing when the take is nowhere, StateError when something that is not ours is in the way, or when the
        lock is to stay as it is and would change.
        """
        held = self._ledger.of_job(job)
        displaced = [other for other in held if other.output and other.attempt != entry.attempt]
        # Checked before anything is saved in the store: that the lock names a file does not prove that we wrote it.
        left = {item.output.path for item in (entry, *displaced) if item.output} - {output.path}
        stale = self._outputs.stored(left)
        known = (entry, *held, *self._ledger.at_path(output.path))
        ours = frozenset(item.sha256 for other in known for item in other.takes)
        previous = entry.output.path if entry.output else None
        if self._changes(entry, job, output, displaced):
            self._refuse_to_change(job)
        self._outputs.put(output.sha256, output.path, previous=previous, mine=ours)
        if not self._changes(entry, job, output, displaced):
            return entry
        for other in displaced:
            self._ledger.give(other, other.job, None)
        after = self._ledger.give(entry, job, output)
        self._outputs.remove({path: sha256 for path, sha256 in stale.items() if not self._ledger.at_path(path)})
        return after

    def _changes(self, entry: Entry, job: str, output: Output, displaced: list[Entry]) -> bool:
        known = self._ledger.get(entry.attempt)
        if known is None or displaced:
            return True
        if known.job != job or known.output is None or not known.output.is_same(output.path, output.sha256):
            return True
        return not {*entry.takes} <= {*known.takes}

    def _refuse_to_change(self, job: str) -> None:
        if self._keep_lock:
            raise StateError(
                f"the audio is not the audio that the lock names for {job}",
                help="run without --locked to update the lock",
            )

    def tick(self) -> None:
        """Write the lock if it changed and is due. The loop calls this as time passes."""
        if not self._keep_lock and self._lock_writer.is_due:
            self._meet(self._lock_writer.write_when_due(self.lock))

    def close(self) -> None:
        """Write the lock if it changed, and close the journal."""
        try:
            if not self._keep_lock:
                self._meet(self._lock_writer.write(self.lock))
        finally:
            self._journal.close()

    def _meet(self, lock: Lock) -> None:
        """Take in what the file of the lock knew beside, also into the journal: another program may have written it."""
        if lock is self.lock:
            return
        self._ledger = Ledger(lock)
        new = (entry for entry in lock.entries.values() if entry.attempt not in self.submissions)
        rows = tuple(row for entry in new if entry.receipt is not None for row in missing_rows(None, entry))
        if rows:
            with contextlib.suppress(StateError):  # the lock has them, and the next run reads it
                self.record(*rows)


def _is_news(item: Submission, entry: Entry) -> bool:
    """Say whether a submission that the lock lacks belongs in it: what this run has just sent may yet prove unpaid."""
    unsettled = item.phase in {Phase.INTENT, Phase.ANSWERED}
    return entry.receipt is not None and entry.state is not State.NOT_CHARGED and not unsettled


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
