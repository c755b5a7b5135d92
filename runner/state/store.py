"""All that a run writes, behind one writer: journal rows, the lock, blobs, outputs."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from runner.errors import StateError
from runner.frozen import replace
from runner.records.family import family
from runner.records.lock import State
from runner.records.submission import Phase
from runner.state import lock_rules
from runner.state.blobs.protocol import save_bytes
from runner.state.disk_reserve import DiskReserve
from runner.state.journal import Journal
from runner.state.ledger import Ledger
from runner.state.outputs import Outputs
from runner.state.placement import changes_lock, placement_of
from runner.state.receipt_index import ReceiptIndex
from runner.state.reconcile import Reconciled, missing_rows
from runner.state.row_writer import RowWriter
from runner.state.submissions import advance

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from runner.records.family import NumberedTake
    from runner.records.lock import Entry, Lock, Output, Take
    from runner.records.submission import Event, Submission
    from runner.state.blobs.protocol import Blobs
    from runner.state.lock_writer import LockWriter
    from runner.state.placement import Placement
    from runner.state.row_writer import Unwritten

_UNSETTLED = frozenset({Phase.INTENT, Phase.ANSWERED})
"""Phases of a submission that may yet prove unpaid: what this run has just sent does not enter the lock."""


class StateStore:
    """The journal, lock, blobs and outputs of one pipeline, open for writing. Needs the run lock."""

    def __init__(
        self, *, root: Path, lock: LockWriter, journal_path: Path, blobs: Blobs, keep_lock: bool = False
    ) -> None:
        self.blobs = blobs
        self._keep_lock = keep_lock
        self._lock_writer = lock
        self._outputs = Outputs(root, blobs)
        self._journal = Journal(journal_path)
        known = Reconciled(self._lock_writer.lock, self._journal.events)
        if known.missing:
            self._journal.append(known.missing)
        self._ledger = Ledger(known.lock)
        self.submissions = known.submissions
        """attempt → Submission: all that journal and lock know."""
        self._receipts = ReceiptIndex(self.submissions.values())
        self._being_placed: set[str] = set()
        """The outputs to which a take is being copied."""
        self._rows = RowWriter(self._journal, DiskReserve(journal_path.with_suffix(".reserve")))

    @property
    def lock(self) -> Lock:
        """The lock as it is now, with all that the journal knows."""
        return self._ledger.lock

    @property
    def ledger(self) -> Ledger:
        """The lock as it grows."""
        return self._ledger

    @property
    def lock_file(self) -> bytes | None:
        """What was last written to the file of the lock, or read from it; None when there was no file."""
        return self._lock_writer.seen

    @property
    def broken(self) -> str | None:
        """Why a proof of a payment could not be written; None while each could be."""
        return self._rows.broken

    @property
    def events(self) -> tuple[Event, ...]:
        """The journal as it was when it was opened."""
        return self._journal.events

    # ------------------------------------------------------------ journal

    def record(self, *events: Event) -> None:
        """Make rows durable, and take what they say into the lock. Raises StateError when they cannot be."""
        self._journal.append(events)
        self._learn(events)

    def stage(self, *events: Event) -> None:
        """Take in what rows say, and let the next `commit` write them."""
        self._learn(events)
        self._rows.stage(*events)

    def stage_paid(self, provider: str, *events: Event) -> None:
        """Stage rows that prove a payment."""
        self._learn(events)
        self._rows.stage(*events, proof_for=provider)

    @property
    def unwritten(self) -> frozenset[str]:
        """The attempts whose rows the next `commit` writes."""
        return self._rows.attempts

    def commit(self) -> Unwritten | None:
        """Write all staged rows in one transaction; return what could not be written (see RowWriter.commit)."""
        return self._rows.commit()

    def is_held_by_another(self, provider: str, request_id: str, attempt: str) -> bool:
        """Return whether an id of this provider is another submission's receipt."""
        return self._receipts.is_held_by_another(provider, request_id, attempt)

    def _learn(self, events: Iterable[Event]) -> None:
        for row in events:
            self.submissions[row.attempt] = advance(self.submissions.get(row.attempt), row)
        for attempt in dict.fromkeys(row.attempt for row in events):
            item = self.submissions[attempt]
            self._receipts.add(item)
            if self._ledger.get(attempt) is None and item.phase in _UNSETTLED:
                continue
            entry = lock_rules.entry_of(item)
            if entry is not None and (self._ledger.get(attempt) is not None or _is_news(entry)):
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
            self._ledger.inherit(job, before, entry.job)
            self._ledger.give(entry, job, entry.output)
            if attempt in self.submissions:
                self.submissions[attempt] = replace(self.submissions[attempt], job=job)

    def pick(self, job: str, sha256: str | None) -> bool:
        """Record that a person chose a take for a job, or None to undo every choice; say whether that is new."""
        if (self.lock.chosen(job) or {None}) == {sha256}:
            return False
        self._ledger.pick(job, sha256)
        return True

    def forget(self, jobs: Iterable[str]) -> None:
        """Leave all that jobs have made out of the lock, and let the journal not bring it back."""
        for job in jobs:
            self._ledger.forget(job)

    def finished(self, submission: Submission, job: str) -> Entry:
        """Return the entry of a submission whose takes are all in the store."""
        made = lock_rules.entry_of(replace(submission, phase=Phase.DONE))
        assert made is not None
        return self._made_here_before(job, made) or made

    def family(self, made: Entry) -> tuple[NumberedTake, ...]:
        """Return the takes of the family of a submission that has just ended: it is the newest one."""
        known = self._ledger.get(made.attempt)
        newest = replace(made, revision=self._ledger.revision + 1 if known is None else known.revision)
        others = (entry for entry in self._ledger.of_job(made.job) if entry.attempt != made.attempt)
        return family((newest, *others), made.base)

    def _made_here_before(self, job: str, made: Entry) -> Entry | None:
        """Return the entry that says the same of a free result that was made here again, so that nothing in it changes."""
        if made.receipt is not None:
            return None
        hashes = [take.sha256 for take in made.takes]
        return next(
            (
                entry
                for entry in self._ledger.of_job(job)
                if entry.receipt is None and (entry.fingerprint, entry.roll) == (made.fingerprint, made.roll)
                if [take.sha256 for take in entry.takes] == hashes
            ),
            None,
        )

    def placed_take(self, job: str) -> Take | None:
        """Return the take that is at the output of a job."""
        return next((entry.placed for entry in self._ledger.of_job(job) if entry.placed is not None), None)

    def copying(self, job: str, sha256: str) -> Callable[[Path], None]:
        """Return what copies a take of a job to a file, safe to call from any thread; it raises TakeMissing."""
        outputs = [entry.output.path for entry in self._ledger.of_job(job) if entry.output is not None]
        return lambda target: self._outputs.copy(sha256, outputs, target)

    def bring(self, job: str, entry: Entry, output: Output) -> Entry:
        """Put a take of an entry at its output, for the job `job`, and return the entry as it is now.

        Raises TakeMissing when the take is nowhere, StateError when something that is not ours is in the way, or when the
        lock is to stay as it is and would change.
        """
        with self.placing(job, entry, output) as placement:
            return self.placed(placement, self.copy(placement))

    @contextlib.contextmanager
    def placing(self, job: str, entry: Entry, output: Output) -> Iterator[Placement]:
        """Yield what has to be done to put a take of an entry at its output, which no other job removes meanwhile.

        Raises StateError when the lock forbids it.
        """
        self._being_placed.add(output.path)
        try:
            yield self._placement(job, entry, output)
        finally:
            self._being_placed.discard(output.path)

    def _placement(self, job: str, entry: Entry, output: Output) -> Placement:
        placement = placement_of(self._ledger, job, entry, output)
        if self._keep_lock and changes_lock(self._ledger, placement):
            why = (
                ": other settings finished it, or other versions of FFmpeg or of this program" if output.master else ""
            )
            message = f"the audio is not the audio that the lock names for {job}{why}"
            raise StateError(message, help="run without --locked to update the lock")
        return placement

    def copy(self, placement: Placement) -> Mapping[str, str]:
        """Copy the take to its output, and return path → hash of the outputs that it leaves. Safe to call from any thread.

        Raises as `bring` does.
        """
        # Checked before anything is saved in the store: that the lock names a file does not prove that we wrote it.
        stale = self._outputs.stored(placement.left)
        previous = placement.entry.output.path if placement.entry.output else None
        output = placement.output
        self._outputs.put(output.sha256, output.path, previous=previous, mine=placement.ours)
        return stale

    def placed(self, placement: Placement, stale: Mapping[str, str]) -> Entry:
        """Enter into the lock that a take was copied, remove the outputs that it left, and return its entry."""
        if not changes_lock(self._ledger, placement):
            return placement.entry
        for other in placement.displaced:
            self._ledger.give(other, other.job, None)
        after = self._ledger.give(placement.entry, placement.job, placement.output)
        left = (path for path in stale if path not in self._being_placed and not self._ledger.at_path(path))
        self._outputs.remove({path: stale[path] for path in left})
        return after

    def tick(self) -> None:
        """Write the lock if it changed and is due. The loop calls this as time passes."""
        if not self._keep_lock and self._lock_writer.is_due:
            self._meet(self._lock_writer.write_when_due(self.lock))

    def close(self) -> None:
        """Write the lock if it changed, and close the journal."""
        self.commit()
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


def _is_news(entry: Entry) -> bool:
    """Say whether a submission that the lock lacks belongs in it."""
    return entry.receipt is not None and entry.state is not State.NOT_CHARGED
