"""Receipts that only the lock knows, begun on another machine, and those whose audio came back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.plan.claims import paid_for
from runner.records.submission import ENDED_BADLY, Phase, Submission

if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.records.lock import Entry, Lock


def from_pending(job: str, entry: Entry) -> Submission:
    """Return the submission of a pending receipt in the lock, made on another machine.

    It has no attempt in this journal yet: the run that resumes it opens one.
    """
    return Submission(
        job=job,
        attempt=None,
        phase=Phase.ACCEPTED,
        model=entry.model,
        params=entry.request,
        fingerprint=entry.fingerprint,
        price_usd=entry.receipt.price_usd,
        submitted_at=entry.receipt.submitted_at,
        request_id=entry.receipt.request_id,
        poll_url=entry.receipt.poll_url,
    )


def without_healed(
    submissions: tuple[Submission, ...], lock: Lock, *, is_back: Callable[[Entry], bool]
) -> tuple[Submission, ...]:
    """Return the submissions without those that ended badly and whose takes, as the lock names them, are here again.

    `is_back` says whether the chosen take of an entry is at its output or in the store.
    """
    made = {
        (entry.fingerprint, entry.receipt.request_id): entry
        for held in lock.jobs.values()
        for entry in paid_for(held)
        if entry.receipt.request_id is not None
    }

    def is_healed(item: Submission) -> bool:
        if item.phase not in ENDED_BADLY or item.request_id is None:
            return False
        entry = made.get((item.fingerprint, item.request_id))
        return entry is not None and is_back(entry)

    return tuple(item for item in submissions if not is_healed(item))
