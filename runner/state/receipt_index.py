"""Which submission holds which provider job id, so that no id is taken for a second receipt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.records.submission import Phase
from runner.state import lock_rules

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.records.lock import Lock
    from runner.records.submission import Event


class ReceiptIndex:
    """The ids of a journal and a lock. A submission holds the last id that it was given."""

    def __init__(self, lock: Lock, events: Iterable[Event]) -> None:
        self._in_lock = frozenset(lock_rules.receipts(lock))
        self._providers: dict[str, str] = {}
        self._held: dict[str, tuple[str, str]] = {}
        self._holders: dict[tuple[str, str], str] = {}
        self.add(events)

    def holder_of(self, provider: str, request_id: str) -> str | None:
        """Return the attempt that holds an id of this provider, empty where only the lock knows it; None where nobody does.

        An id that is known by its digest only counts as held, too.
        """
        receipt = lock_rules.receipt(provider, request_id)
        return self._holders.get(receipt, "" if receipt in self._in_lock else None)

    def add(self, events: Iterable[Event]) -> None:
        """Learn the ids that journal rows hold."""
        for event in events:
            if event.phase is Phase.PLANNED:
                self._providers[event.attempt] = lock_rules.provider_of(event.data["model"])
            request_id = event.data.get("request_id")
            if event.phase is Phase.ACCEPTED and request_id is not None:
                provider = self._providers.get(event.attempt, "")
                self._hold(event.attempt, lock_rules.receipt(provider, request_id))

    def _hold(self, attempt: str, receipt: tuple[str, str]) -> None:
        before = self._held.get(attempt)
        if before is not None and before != receipt and self._holders.get(before) == attempt:
            del self._holders[before]
        self._held[attempt] = receipt
        self._holders.setdefault(receipt, attempt)
