"""The lock as a run knows it: it grows entry by entry, and is read as a frozen Lock."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from runner.frozen import replace
from runner.records.lock import Entry, Lock, Output, current_first
from runner.records.pick import Pick
from runner.records.words import last_words, names_until
from runner.state import lock_rules

if TYPE_CHECKING:
    from runner.records.approval import Approval
    from runner.records.rating import Rating


class Ledger:
    """The entries of a lock, by attempt, job and output. A change costs the same however many there are."""

    def __init__(self, lock: Lock) -> None:
        self._base = lock
        self._picks = dict(lock.picks)
        self._approvals = dict(lock.approvals)
        self._ratings = dict(lock.ratings)
        self._entries: dict[str, Entry] = {}
        self._of_job: dict[str, set[str]] = defaultdict(set)
        self._at_path: dict[str, set[str]] = defaultdict(set)
        self._revision = lock.revision
        for entry in lock.entries.values():
            self._set(entry)
        self._lock: Lock | None = lock

    @property
    def lock(self) -> Lock:
        """The lock as it is now."""
        if self._lock is None:
            self._lock = replace(
                self._base,
                entries=dict(self._entries),
                picks=dict(self._picks),
                approvals=dict(self._approvals),
                ratings=dict(self._ratings),
            )
        return self._lock

    def get(self, attempt: str) -> Entry | None:
        """Return the entry of an attempt."""
        return self._entries.get(attempt)

    def of_job(self, job: str) -> tuple[Entry, ...]:
        """Return the entries of a job, the current one first."""
        return current_first([self._entries[attempt] for attempt in self._of_job.get(job, ())])

    def at_path(self, path: str) -> tuple[Entry, ...]:
        """Return the entries whose take was placed at this path."""
        return tuple(self._entries[attempt] for attempt in sorted(self._at_path.get(path, ())))

    @property
    def revision(self) -> int:
        """The highest revision so far."""
        return self._revision

    def picks(self, job: str) -> frozenset[Pick]:
        """Return what people picked for a job."""
        return self._picks.get(job, frozenset())

    def learn(self, entry: Entry) -> Entry:
        """Take in what is known of a submission, and return its entry; its job and its output stay as they are."""
        is_new = entry.attempt not in self._entries
        known = replace(entry, revision=self._next()) if is_new else self._joined(entry)
        self._set(known)
        return known

    def _joined(self, entry: Entry) -> Entry:
        mine = self._entries.get(entry.attempt)
        if mine is None:
            return entry
        same = replace(entry, job=mine.job, revision=mine.revision, output=mine.output)
        return lock_rules.join_entries(mine, same)

    def give(self, entry: Entry, job: str, output: Output | None) -> Entry:
        """Record what is known of a submission, whose it is now and where its take was placed, and return its entry."""
        given = replace(self._joined(entry), job=job, output=output, revision=self._next())
        self._set(given)
        return given

    def say(self, job: str, *words: Approval) -> None:
        """Record what people said of takes of a job."""
        self._approvals[job] = self._approvals.get(job, frozenset()) | {*words}
        self._lock = None

    def rate(self, job: str, *ratings: Rating) -> None:
        """Record how people rate takes of a job, in place of the ratings that these replace."""
        self._ratings[job] = last_words((*self._ratings.get(job, ()), *ratings))
        self._lock = None

    def inherit(self, job: str, before: Lock, name: str) -> None:
        """Record for a job what people said of its takes under an earlier name."""
        if words := before.approvals.get(name):
            self.say(job, *words)
        if ratings := before.ratings.get(name):
            self.rate(job, *ratings)

    def pick(self, job: str, sha256: str | None) -> None:
        """Record that a person chose a take for a job, or none, in place of any choice before."""
        before = self._picks.get(job, frozenset())
        self._picks[job] = frozenset({Pick(sha256=sha256, revision=self._next(), replaces=names_until(before))})
        self._lock = None

    def forget(self, job: str) -> None:
        """Leave out all entries of a job and what people said of them; the submissions among them are noted as forgotten."""
        entries = self.of_job(job)
        for entry in entries:
            del self._entries[entry.attempt]
            if entry.output is not None:
                self._at_path[entry.output.path].discard(entry.attempt)
        self._of_job.pop(job, None)
        self._picks.pop(job, None)
        self._approvals.pop(job, None)
        self._ratings.pop(job, None)
        attempts = {entry.attempt for entry in entries if entry.receipt is not None}
        self._base = replace(self._base, forgotten=self._base.forgotten | attempts)
        self._lock = None

    def _next(self) -> int:
        self._revision += 1
        return self._revision

    def _set(self, entry: Entry) -> None:
        before = self._entries.get(entry.attempt)
        if before == entry:
            return
        if before is not None:
            self._of_job[before.job].discard(entry.attempt)
            if before.output is not None:
                self._at_path[before.output.path].discard(entry.attempt)
        self._entries[entry.attempt] = entry
        self._of_job[entry.job].add(entry.attempt)
        if entry.output is not None:
            self._at_path[entry.output.path].add(entry.attempt)
        self._lock = None
