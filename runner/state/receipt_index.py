"""Which submission has which provider job id, so that one id never becomes two receipts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.records.lock import ProviderJobId
from runner.records.submission import Phase
from runner.state import lock_rules

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.records.lock import Lock
    from runner.records.submission import Event


class ReceiptIndex:
    """The ids of a journal and a lock. A submission has the last id that was recorded for it."""

    def __init__(self, lock: Lock, events: Iterable[Event]) -> None:
        self._in_lock = frozenset(lock_rules.receipts(lock))
        self._providers: dict[str, str] = {}
        self._held: dict[str, tuple[str, ProviderJobId]] = {}
        self._earlier: set[tuple[str, tuple[str, ProviderJobId]]] = set()
        """(attempt, id): ids that a person told for it and replaced. It may have one of them again."""
        self._holders: dict[tuple[str, ProviderJobId], str] = {}
        self.add(events)

    def is_held_by_another(self, provider: str, request_id: str, attempt: str | None) -> bool:
        """Return whether an id of this provider belongs to another submission than `attempt`; None: one that only the lock knows.

        An id of which only the digest is known counts, too.
        """
        receipt = (provider, ProviderJobId.parse(request_id))
        holder = self._holders.get(receipt)
        if holder is not None:
            return holder != attempt
        return attempt is not None and receipt in self._in_lock and (attempt, receipt) not in self._earlier

    def add(self, events: Iterable[Event]) -> None:
        """Learn the ids that journal rows hold."""
        for event in events:
            if event.phase is Phase.PLANNED:
                self._providers[event.attempt] = lock_rules.provider_of(event.data["model"])
            request_id = event.data.get("request_id")
            if event.phase is Phase.ACCEPTED and request_id is not None:
                provider = self._providers.get(event.attempt, "")
                self._hold(event.attempt, (provider, ProviderJobId.parse(request_id)))

    def _hold(self, attempt: str, receipt: tuple[str, ProviderJobId]) -> None:
        before = self._held.get(attempt)
        if before is not None and before != receipt and self._holders.get(before) == attempt:
            del self._holders[before]
            self._earlier.add((attempt, before))
        self._held[attempt] = receipt
        self._holders.setdefault(receipt, attempt)
