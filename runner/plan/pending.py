"""Receipts that only the lock knows: submitted on another machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.records.submission import Phase, Submission

if TYPE_CHECKING:
    from runner.records.lock import Entry


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
