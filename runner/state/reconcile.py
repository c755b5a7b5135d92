"""What a lock and a journal know together, and the rows that the journal lacks: pure rules.

Each of the two may be missing, older than the other, or from another machine. A submission that one of them knows is
known to both from the next run on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.frozen import replace
from runner.records.lock import Entry, Lock, State
from runner.records.lock_json import entry_to_json, take_to_json
from runner.records.submission import THE_LOCK, UNSETTLED, Event, Phase
from runner.state import lock_rules
from runner.state.submissions import advance, fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from runner.records.lock import ProviderJobId
    from runner.records.source import Json
    from runner.records.submission import Submission

_UNANSWERED = "sent on another machine, and no answer is known"


class Reconciled:
    """A lock with all that a journal knows, and the submissions of both; `missing` are the rows that the journal lacks."""

    def __init__(self, lock: Lock, events: Iterable[Event]) -> None:
        self._written = lock
        self.submissions = _with_privacy(fold(events), lock)
        self.lock = lock_rules.with_submissions(lock, self.submissions.values())
        self.missing = tuple(row for entry in self.lock.entries.values() for row in self._missing(entry))
        for row in self.missing:
            self.submissions[row.attempt] = advance(self.submissions.get(row.attempt), row)
        self._take_names()

    @property
    def is_ahead(self) -> bool:
        """Whether anything of a receipt is not in the text of the lock."""
        written = self._written.entries
        return any(
            entry.receipt is not None and (attempt not in written or not _is_same(written[attempt], entry))
            for attempt, entry in self.lock.entries.items()
        )

    def _take_names(self) -> None:
        """Give each submission the job that it belongs to by the lock, without what the lock knows by another attempt, or forgot."""
        for attempt, item in tuple(self.submissions.items()):
            entry = self.lock.entries.get(attempt)
            if entry is None and (lock_rules.is_version_1(attempt) or attempt in self.lock.forgotten):
                del self.submissions[attempt]
            elif entry is not None and entry.job != item.job:
                self.submissions[attempt] = replace(item, job=entry.job)

    def _missing(self, entry: Entry) -> tuple[Event, ...]:
        return () if entry.receipt is None else tuple(missing_rows(self.submissions.get(entry.attempt), entry))


def _with_privacy(submissions: dict[str, Submission], lock: Lock) -> dict[str, Submission]:
    """Settle whether ids are private where a journal of an earlier version does not say: all are that no lock has in clear."""
    clear = {id_ for entry in lock.entries.values() if (id_ := entry.request_id) is not None and id_.plain is not None}
    return {
        attempt: item
        if item.private is not None or item.request_id is None
        else replace(item, private=item.request_id not in clear)
        for attempt, item in submissions.items()
    }


def unfinished(lock: Lock, submissions: Mapping[str, Submission]) -> Iterator[Submission]:
    """Yield the submissions that may be paid and that need a resume or a decision, by what the lock says of them."""
    for attempt, item in submissions.items():
        entry = lock.entries.get(attempt)
        is_left_out = entry is None and attempt in lock.forgotten
        if item.phase in UNSETTLED and not is_left_out and (entry is None or entry.state is not State.DONE):
            yield item


def says_all(lock: Lock, submissions: Mapping[str, Submission]) -> bool:
    """Say whether the text of a lock tells all that these submissions tell, and they all that it tells, and none waits."""
    if any(unfinished(lock, submissions)):
        return False
    known = lock_rules.with_submissions(lock, submissions.values()).entries
    return known.keys() == lock.entries.keys() and all(
        _is_same(entry, known[attempt]) and _is_told(lock, entry, submissions.get(attempt))
        for attempt, entry in lock.entries.items()
    )


def _is_same(entry: Entry, other: Entry) -> bool:
    """Say whether two entries have the same text: an id in clear and its digest are equal, and are not the same."""
    return entry is other or entry_to_json(entry) == entry_to_json(other)


def _is_told(lock: Lock, entry: Entry, item: Submission | None) -> bool:
    """Say whether an entry is in the text of its lock, and its receipt in the journal that a submission is of."""
    if entry.receipt is None:
        return any(written is entry for written in lock.written(entry.job))
    return next(missing_rows(item, entry), None) is None


def missing_rows(item: Submission | None, entry: Entry) -> Iterator[Event]:
    """Yield the rows that bring a submission of the journal to what an entry of the lock says of it."""
    receipt, mine = entry.receipt, None if item is None else lock_rules.entry_of(item)
    assert receipt is not None, "a result that was made here has no receipt"

    def row(phase: Phase, **data: Json) -> Event:
        kept = {name: value for name, value in data.items() if value is not None}
        at, via = receipt.submitted_at, {"via": THE_LOCK}
        return Event(at=at, job=entry.job, attempt=entry.attempt, phase=phase, data=kept | via)

    if mine is not None and _says_the_same(mine, entry):
        return
    if item is None:
        yield row(Phase.PLANNED, **_request(entry))
    if receipt.request_id is not None or entry.state.rank >= State.PENDING.rank:
        known = None if receipt.request_id is None else str(receipt.request_id)
        if mine is None or _proof(mine) != _proof(entry) or mine.state.rank < State.PENDING.rank:
            yield row(Phase.ACCEPTED, request_id=known, poll_url=receipt.poll_url, told=receipt.told)
    elif mine is None:
        yield row(Phase.UNKNOWN, message=_UNANSWERED)
    match entry.state:
        case State.UNKNOWN | State.PENDING:
            pass
        case State.NOT_CHARGED:
            yield row(Phase.REJECTED, charged=False)
        case State.LOST:
            yield row(Phase.LOST)
        case State.FAILED:
            yield row(Phase.FAILED, charged=False)
        case State.FAILED_CHARGED:
            yield row(Phase.FAILED, charged=True)
        case State.DONE:
            yield row(Phase.FETCHED, takes=[take_to_json(take) for take in entry.takes])
            yield row(Phase.DONE)


def _request(entry: Entry) -> dict[str, Json]:
    private = None if entry.request_id is None else entry.request_id.plain is None
    rolled = {"roll": entry.roll, "roll_of": entry.roll_of} if entry.roll else {}
    return {
        "model": entry.model,
        "params": dict(entry.request),
        "fingerprint": entry.fingerprint,
        "seed_param": entry.seed_param,
        "price_usd": None if entry.receipt is None else entry.receipt.price_usd,
        "private": private,
        **rolled,
    }


def _says_the_same(mine: Entry, entry: Entry) -> bool:
    """Say whether an entry tells a journal nothing new."""
    if _proof(entry) == _proof(mine) and entry.state is mine.state:
        return True
    joined = lock_rules.join_entries(replace(mine, job=entry.job, revision=entry.revision, output=entry.output), entry)
    # A journal that asks once more for what was lost is ahead of the lock, which keeps that it was lost.
    asks_again = (mine.state, joined.state) == (State.PENDING, State.LOST)
    return _proof(joined) == _proof(mine) and (joined.state is mine.state or asks_again)


def _proof(entry: Entry) -> tuple[ProviderJobId | None, int]:
    """Return the id of an entry, and how often a person told it."""
    return entry.request_id, entry.receipt.told if entry.receipt else 0
