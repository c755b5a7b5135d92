"""How the lock changes when receipts are entered, finished or moved: pure rules, each from one Lock to the next.

Only the rules whose name or docstring says so drop the receipt of a paid submission.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from runner.records.lock import Entry, Lock, Receipt
from runner.records.submission import Phase

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from runner.records.lock import ProviderJobId, Take
    from runner.records.submission import Submission


# ---------------------------------------------------------------- from submissions to entries


def entry_of(submission: Submission, *, takes: tuple[Take, ...], take: int, private: bool) -> Entry:
    """Return the entry of a submission; of a private id only the digest enters the lock."""
    known = submission.request_id
    return Entry(
        fingerprint=submission.fingerprint,
        model=submission.model,
        request=submission.params,
        receipt=Receipt(
            request_id=known.hidden() if private and known is not None else known,
            price_usd=submission.price_usd,
            submitted_at=submission.submitted_at or submission.planned_at,
            poll_url=None if private else submission.poll_url,
        ),
        takes=takes,
        take=take,
    )


def finished_entries(submissions: Iterable[Submission], *, private: frozenset[str]) -> tuple[tuple[str, Entry], ...]:
    """Return (job, entry) of every submission that is done. `private` names the models whose ids are private."""
    return tuple(
        (item.job, entry_of(item, takes=item.takes, take=1, private=item.model in private))
        for item in submissions
        if item.phase in (Phase.DONE, Phase.PLACED) and item.takes
    )


def only_in_lock(lock: Lock, submissions: Iterable[Submission]) -> tuple[tuple[str, Entry], ...]:
    """Return (job, entry) of every pending receipt that no journaled submission and no finished entry accounts for."""
    known = {item.request_id for item in submissions}
    known |= {entry.receipt.request_id for entry in lock.jobs.values() if entry.takes}
    waiting = ((job, entry.waiting) for job, entry in lock.jobs.items())
    return tuple((job, entry) for job, entry in waiting if entry is not None and entry.receipt.request_id not in known)


def result(lock: Lock, submission: Submission, *, job: str, take: int, private: bool) -> Entry:
    """Return the entry of a finished submission of `job`.

    The same bytes for the same receipt, or made here again, keep the receipt of the lock, so that nothing in it changes.
    """
    entry = entry_of(submission, takes=submission.takes, take=take, private=private)
    before = lock.jobs.get(job)
    return replace(entry, receipt=before.receipt) if before is not None and _same_result(before, entry) else entry


# ---------------------------------------------------------------- from lock to lock


def with_pending(lock: Lock, submission: Submission, *, private: bool) -> Lock:
    """Enter the receipt of an accepted submission, beside a finished entry of the same job if there is one.

    An answer that holds the audio and no id opens nothing for another machine, so the lock stays as it is.
    """
    if submission.request_id is None:
        return lock
    pending = entry_of(submission, takes=(), take=1, private=private)
    before = lock.jobs.get(submission.job)
    finished = before is not None and before.takes
    return _with(lock, submission.job, replace(before, pending=pending) if before and finished else pending)


def without_pending(lock: Lock, submission: Submission) -> Lock:
    """Remove the pending receipt of a submission that ended without a result; a lock without it stays as it is."""
    before = lock.jobs.get(submission.job)
    if before is None or before.waiting is None or before.waiting.receipt.request_id != submission.request_id:
        return lock
    return _with(lock, submission.job, replace(before, pending=None) if before.takes else None)


def with_placed(lock: Lock, job: str, entry: Entry, *, source: str, output: str, take: int) -> Lock:
    """Give an entry that is in the lock under the name `source` to `job`, its chosen take at `output`.

    The pending receipt of `job` stays. An entry that a provider made is kept as `paid` of one that was made here. The
    finished entry that `job` had goes to `source` where that name is free, so that jobs can swap names one at a time.
    """
    chosen = entry.chosen(take)
    takes = tuple(replace(item, path=output if item is chosen else None) for item in entry.takes)
    pending, paid = _still_waiting(lock, job, entry), _paid_behind(lock, job, entry)
    displaced = lock.jobs.get(job)
    after = lock if source == job else _without_receipt(lock, source, entry)
    after = _with(after, job, replace(entry, takes=takes, take=take, pending=pending, paid=paid))
    if displaced is not None and displaced.takes and source not in after.jobs:
        after = _with(after, source, _unplaced(displaced))
    return after


def _with(lock: Lock, job: str, entry: Entry | None) -> Lock:
    jobs = {name: held for name, held in lock.jobs.items() if name != job} if entry is None else dict(lock.jobs)
    if entry is not None:
        jobs[job] = entry
    return replace(lock, jobs=jobs)


def _still_waiting(lock: Lock, job: str, entry: Entry) -> Entry | None:
    """Return the pending receipt of a job, unless it is the receipt of this entry."""
    held = lock.jobs.get(job)
    waiting = None if held is None else held.waiting
    return None if waiting is None or _same_receipt(waiting, entry) else waiting


def _paid_behind(lock: Lock, job: str, entry: Entry) -> Entry | None:
    """Return the entry that a provider made for a job: a receipt that stays as `paid` of an entry that was made here."""
    held = lock.jobs.get(job)
    if entry.receipt.request_id or held is None:
        return None
    paid = next((item for item in (held, held.paid) if item and item.takes and item.receipt.request_id), None)
    return None if paid is None else replace(_unplaced(paid), paid=None)


def _without_receipt(lock: Lock, job: str, entry: Entry) -> Lock:
    """Remove one receipt, which another job has now, from a job, and nothing else of it."""
    held = lock.jobs.get(job)
    if held is None:
        return lock
    if _same_receipt(held, entry):
        return _with(lock, job, held.pending if held.paid is None else replace(held.paid, pending=held.pending))
    pending, paid = (
        None if inner is not None and _same_receipt(inner, entry) else inner for inner in (held.pending, held.paid)
    )
    return _with(lock, job, replace(held, pending=pending, paid=paid))


# ---------------------------------------------------------------- receipts


def receipts(lock: Lock) -> Iterator[tuple[str, ProviderJobId]]:
    """Yield (provider, its job id) for every receipt in the lock: of finished takes and pending ones."""
    for entry in lock.jobs.values():
        yield from _receipts(entry)


def _receipts(entry: Entry) -> Iterator[tuple[str, ProviderJobId]]:
    if entry.receipt.request_id is not None:
        yield provider_of(entry.model), entry.receipt.request_id
    for inner in (entry.pending, entry.paid):
        if inner is not None:
            yield from _receipts(inner)


def provider_of(model: str) -> str:
    """Return the provider of a model, which is its folder, even for a model that is no longer in the catalog."""
    return model.partition("/")[0]


def _unplaced(entry: Entry) -> Entry:
    """Return an entry whose takes are in the store and at no output."""
    return replace(entry, takes=tuple(replace(item, path=None) for item in entry.takes), pending=None)


def _same_receipt(one: Entry, other: Entry) -> bool:
    return (one.fingerprint, one.receipt.request_id) == (other.fingerprint, other.receipt.request_id)


def _same_result(before: Entry, entry: Entry) -> bool:
    same = [take.sha256 for take in before.takes] == [take.sha256 for take in entry.takes]
    receipts = (None, before.receipt.request_id)
    return same and before.fingerprint == entry.fingerprint and entry.receipt.request_id in receipts
