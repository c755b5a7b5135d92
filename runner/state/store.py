"""All that a run writes, behind one writer: journal rows, the lock, blobs, outputs.

The lock is the slow, shared copy of what the journal knows, so it is rewritten at most once a second while jobs end,
and always at the close.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import time
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from runner.errors import NotWritable, StateError
from runner.records.lock import Entry, Lock, Receipt
from runner.records.receipt_id import hidden, is_hidden
from runner.records.submission import Event, Phase
from runner.state.blobs.local import TakeMissing
from runner.state.files import digest, place, remove_owned, write_atomic
from runner.state.journal import Journal
from runner.state.lockfile import read_lock, render_lock

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from runner.records.lock import Take
    from runner.records.submission import Submission
    from runner.state.blobs.local import Blobs

LOCK_EVERY_S = 1.0
RESERVE_BYTES = 1 << 20
"""A file of this size is given up when the disk is full and a receipt has to be written."""


class StateStore:
    """The journal, lock, blobs and outputs of one pipeline, open for writing. Needs the run lock."""

    def __init__(self, *, root: Path, lock_path: Path, journal_path: Path, blobs: Blobs, rehearsal: bool) -> None:
        self._root = root
        self._lock_path = lock_path
        _check_writable(lock_path)
        self._reserve = journal_path.with_suffix(".reserve")
        self.blobs = blobs
        self.lock = read_lock(lock_path, rehearsal=rehearsal)
        self._jobs = dict(self.lock.jobs)
        self._in_use = Counter(path for entry in self._jobs.values() for path in _paths(entry))
        self._journal = Journal(journal_path)
        self._vendors: dict[str, str] = {}
        self._held: dict[str, tuple[str, str]] = {}
        self._receipts: dict[tuple[str, str], str] = {}
        self._receipts_of_lock = frozenset(_receipts(self._jobs.values()))
        self._remember(self._journal.events)
        self._changed = False
        self._written_at = 0.0
        self.broken: str | None = None
        self._set_reserve_aside()

    @property
    def events(self) -> tuple[Event, ...]:
        """The journal as it stood when it was opened."""
        return self._journal.events

    def record(self, *events: Event) -> None:
        """Make rows durable. Raises StateError when they cannot be."""
        self._journal.append(events)
        self._remember(events)

    def holder_of(self, provider: str, request_id: str) -> str | None:
        """Return the attempt that holds an id of this provider, empty where only the lock knows it; None where nobody does.

        An id may be held once, also when only its digest is known. An attempt holds the last id that it was given.
        """
        receipt = _receipt(provider, request_id)
        return self._receipts.get(receipt, "" if receipt in self._receipts_of_lock else None)

    def record_paid(self, provider: str, *events: Event) -> None:
        """Make rows durable that prove a payment, whatever it takes.

        When they cannot be written the reserve is given up and the write tried once more. From then on every receipt
        also goes to standard error, and `broken` tells the engine to submit nothing more.
        """
        self._remember(events)
        try:
            self._journal.append(events)
        except StateError as error:
            self.broken = error.message
            self._reserve.unlink(missing_ok=True)
            with contextlib.suppress(StateError):
                self._journal.append(events)
        if self.broken is not None:
            receipts = [(event.data["request_id"], event.job) for event in events if "request_id" in event.data]
            for request_id, job in receipts:
                sys.stderr.write(f"PAID provider={provider} id={request_id} job={job}\n")
            sys.stderr.flush()

    def keep(self, data: bytes) -> str:
        """Put bytes that a vendor answered with into the store, durably, and return their SHA-256."""
        part = self.blobs.part()
        part.write_bytes(data)
        sha256 = hashlib.sha256(data).hexdigest()
        self.blobs.adopt(part, sha256)
        return sha256

    def kept(self, sha256: str) -> bytes:
        """Return bytes that `keep` put into the store. Raises OSError when they are gone."""
        return self.blobs.path(sha256).read_bytes()

    def note_pending(self, submission: Submission, *, private: bool) -> None:
        """Enter an accepted submit into the lock, beside a finished entry of the same job if there is one."""
        pending = _entry(submission, takes=(), take=1, private=private)
        before = self._jobs.get(submission.job)
        finished = before is not None and before.takes
        self._set(submission.job, replace(before, pending=pending) if before and finished else pending)

    def drop_pending(self, submission: Submission) -> None:
        """Take the pending receipt of a submission out of the lock: it has ended without a result."""
        before = self._jobs.get(submission.job)
        if before is None:
            return
        waiting = before.pending if before.takes else before
        if waiting is None or waiting.receipt.request_id not in _names(submission):
            return
        self._set(submission.job, replace(before, pending=None) if before.takes else None)

    def finish(self, submission: Submission, *, job: str, output: str, take: int, private: bool) -> Entry:
        """Write the chosen take of a finished submission to `output` and return its entry, entered into the lock."""
        entry = _entry(submission, takes=submission.takes, take=take, private=private)
        before = self._jobs.get(job)
        if before is not None and _same_result(before, entry):
            entry = replace(entry, receipt=before.receipt)
        return self.bring(job, entry, submission.job, output=output, take=take)

    def bring(self, job: str, entry: Entry, entry_job: str, *, output: str, take: int) -> Entry:
        """Put the chosen take of an entry at `output`, under the name `job`, and return the entry as it stands now.

        Nothing is replaced or removed that the store does not hold as well. Raises TakeMissing when the take is
        nowhere, StateError when something that is not ours is in the way.
        """
        chosen = entry.takes[min(take, len(entry.takes)) - 1]
        previous = next((item.path for item in entry.takes if item.path), None)
        mine = entry.takes + (self._jobs[job].takes if job in self._jobs else ())
        # Judged before anything is taken into the store: a lock alone makes no file ours.
        stale = self._stored({item.path for item in mine if item.path} - {output})
        source = self._source(chosen.sha256, previous, output)
        place(source, self._root, output, owned=self._kept_at(output, frozenset(item.sha256 for item in mine)))
        takes = tuple(replace(item, path=output if item is chosen else None) for item in entry.takes)
        pending, paid = self._waiting(job, entry), self._paid_behind(job, entry)
        placed = replace(entry, takes=takes, take=take, pending=pending, paid=paid)
        displaced = self._jobs.get(job)
        if entry_job != job:
            self._hand_over(entry_job, entry)
        self._set(job, placed)
        if displaced is not None and displaced.takes and entry_job not in self._jobs:
            # Names change hands, perhaps one at a time: the receipt that stood here may be the other job's soon.
            self._set(entry_job, _unplaced(displaced))
        for path, sha256 in stale.items():
            if not self._in_use[path]:
                remove_owned(self._root, path, owned=frozenset({sha256}))
        return placed

    def close(self) -> None:
        """Write the lock if it changed, and close the journal."""
        try:
            if self._changed:
                self._write()
        finally:
            self._journal.close()

    def _remember(self, events: Iterable[Event]) -> None:
        for event in events:
            if event.phase is Phase.PLANNED:
                self._vendors[event.attempt] = _vendor(event.data["model"])
            request_id = event.data.get("request_id")
            if event.phase is Phase.ACCEPTED and request_id is not None:
                self._hold(event.attempt, _receipt(self._vendors.get(event.attempt, ""), request_id))

    def _hold(self, attempt: str, receipt: tuple[str, str]) -> None:
        before = self._held.get(attempt)
        if before is not None and before != receipt and self._receipts.get(before) == attempt:
            del self._receipts[before]
        self._held[attempt] = receipt
        self._receipts.setdefault(receipt, attempt)

    def _set(self, job: str, entry: Entry | None) -> None:
        """Change one job of the lock, and count which paths are in use."""
        before = self._jobs.pop(job, None)
        self._in_use.subtract(_paths(before))
        if entry is not None:
            self._jobs[job] = entry
            self._in_use.update(_paths(entry))
        self._changed = True

    def _source(self, sha256: str, *outputs: str | None) -> Path:
        """Return a take's place in the store, checked; one that stands only at an output is taken in first."""
        if self.blobs.sound(sha256):
            return self.blobs.path(sha256)
        for path in outputs:
            if path is not None and digest(self._root / path) == sha256:
                return self.blobs.keep(self._root / path, sha256)
        raise TakeMissing(sha256)

    def _kept_at(self, output: str, mine: frozenset[str]) -> frozenset[str]:
        """Return the hash of the file at `output` if it may be replaced: the store holds the same bytes.

        A fresh checkout has audio that only its lock knows. A take of this very job is taken into the store first.
        """
        found = digest(self._root / output)
        if found is None:
            return frozenset()
        if not self.blobs.sound(found):
            if found not in mine:
                return frozenset()
            self.blobs.keep(self._root / output, found)
        return frozenset({found})

    def _stored(self, paths: set[str]) -> dict[str, str]:
        """Return path → hash of those outputs that the store holds as well."""
        found = {path: digest(self._root / path) for path in paths}
        return {path: sha256 for path, sha256 in found.items() if sha256 is not None and self.blobs.sound(sha256)}

    def _waiting(self, job: str, entry: Entry) -> Entry | None:
        """Return the pending receipt of a job that has nothing to do with this entry: it stays in the lock."""
        held = self._jobs.get(job)
        waiting = held if held is None or not held.takes else held.pending
        return None if waiting is None or _same_receipt(waiting, entry) else waiting

    def _paid_behind(self, job: str, entry: Entry) -> Entry | None:
        """Return what a vendor made for a job, to be kept behind an entry that was made here: it is a receipt."""
        held = self._jobs.get(job)
        if entry.receipt.request_id or held is None:
            return None
        paid = next((item for item in (held, held.paid) if item and item.takes and item.receipt.request_id), None)
        if paid is None:
            return None
        return replace(_unplaced(paid), paid=None)

    def _hand_over(self, job: str, entry: Entry) -> None:
        """Take an entry that another job has now away from this one, and nothing else of it."""
        held = self._jobs.get(job)
        if held is None:
            return
        if _same_receipt(held, entry):
            self._set(job, held.pending if held.paid is None else replace(held.paid, pending=held.pending))
            return
        pending, paid = (
            None if inner is not None and _same_receipt(inner, entry) else inner for inner in (held.pending, held.paid)
        )
        if (pending, paid) != (held.pending, held.paid):
            self._set(job, replace(held, pending=pending, paid=paid))

    def tick(self) -> None:
        """Write the lock if it changed and was not written for a while. The loop calls this as time passes.

        A write that fails is tried again later, at last by `close`: until then the journal knows all that it says.
        """
        if self._changed and time.monotonic() - self._written_at > LOCK_EVERY_S:
            try:
                self._write()
            except OSError:
                self._written_at = time.monotonic()

    def _write(self) -> None:
        self.lock = Lock(jobs=dict(self._jobs), rehearsal=self.lock.rehearsal)
        started = time.monotonic()
        write_atomic(self._lock_path, render_lock(self.lock))
        now = time.monotonic()
        self._written_at = now + 10 * (now - started)
        self._changed = False

    def _set_reserve_aside(self) -> None:
        if self._reserve.exists():
            return
        with contextlib.suppress(OSError), self._reserve.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, RESERVE_BYTES)


def _check_writable(lock_path: Path) -> None:
    """Find out before anything is paid for, not after. Raises NotWritable."""
    for path in (lock_path.parent, lock_path):
        if path.exists() and not os.access(path, os.W_OK):
            raise NotWritable(f"{path} cannot be written", help="make it writable; nothing was sent")


def _paths(entry: Entry | None) -> list[str]:
    return [take.path for take in entry.takes if take.path] if entry is not None else []


def _vendor(model: str) -> str:
    """Return the provider of a model, which is its folder: SF303 sees to it, and it holds for models that are gone."""
    return model.partition("/")[0]


def _receipt(provider: str, request_id: str) -> tuple[str, str]:
    """Return an id as it is compared: by its vendor, and by its digest, which may be all that is known of it."""
    return provider, request_id if is_hidden(request_id) else hidden(request_id)


def _receipts(entries: Iterable[Entry]) -> Iterator[tuple[str, str]]:
    """Yield every receipt that stands in the lock, of finished takes and of pending submits."""
    for entry in entries:
        if entry.receipt.request_id:
            yield _receipt(_vendor(entry.model), entry.receipt.request_id)
        yield from _receipts(inner for inner in (entry.pending, entry.paid) if inner is not None)


def _names(submission: Submission) -> tuple[str, str]:
    """Return the two forms in which a submission's id may stand in the lock."""
    plain = submission.request_id or ""
    return plain, plain if is_hidden(plain) else hidden(plain)


def _unplaced(entry: Entry) -> Entry:
    """Return an entry whose takes are in the store, and at no output."""
    return replace(entry, takes=tuple(replace(item, path=None) for item in entry.takes), pending=None)


def _same_receipt(one: Entry, other: Entry) -> bool:
    return (one.fingerprint, one.receipt.request_id) == (other.fingerprint, other.receipt.request_id)


def _same_result(before: Entry, entry: Entry) -> bool:
    """Say whether a model that runs here made the same bytes again: then nothing in the lock changes."""
    same = [take.sha256 for take in before.takes] == [take.sha256 for take in entry.takes]
    return same and before.fingerprint == entry.fingerprint and not entry.receipt.request_id


def _entry(submission: Submission, *, takes: tuple[Take, ...], take: int, private: bool) -> Entry:
    plain, hashed = _names(submission)
    return Entry(
        fingerprint=submission.fingerprint,
        model=submission.model,
        request=submission.params,
        receipt=Receipt(
            request_id=hashed if private and plain else plain,
            price_usd=submission.price_usd,
            submitted_at=submission.submitted_at or submission.planned_at,
            poll_url=None if private else submission.poll_url,
        ),
        takes=takes,
        take=take,
    )


def finished_entries(submissions: Iterable[Submission], *, private: frozenset[str]) -> tuple[tuple[str, Entry], ...]:
    """Return (job, entry) for every submission that was made to its end. `private` names models with private ids."""
    return tuple(
        (item.job, _entry(item, takes=item.takes, take=1, private=item.model in private))
        for item in submissions
        if item.phase in (Phase.DONE, Phase.PLACED) and item.takes
    )


def known_receipts(submissions: Iterable[Submission]) -> frozenset[str]:
    """Return every form in which the ids of these submissions may stand in a lock."""
    return frozenset(name for item in submissions if item.request_id for name in _names(item))
