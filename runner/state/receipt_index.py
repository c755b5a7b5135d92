"""Which submission has which provider job id, so that one id never becomes two receipts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.records.lock import ProviderJobId
from runner.state.lock_rules import provider_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.records.submission import Submission


class ReceiptIndex:
    """The ids of all submissions. A submission has the last id that was recorded for it."""

    def __init__(self, submissions: Iterable[Submission]) -> None:
        self._held: dict[str, tuple[str, ProviderJobId]] = {}
        self._earlier: set[tuple[str, tuple[str, ProviderJobId]]] = set()
        """(attempt, id): ids that a person told for it and replaced. It may have one of them again."""
        self._holders: dict[tuple[str, ProviderJobId], str] = {}
        for item in submissions:
            self.add(item)

    def is_held_by_another(self, provider: str, request_id: str, attempt: str) -> bool:
        """Say whether an id of this provider is another submission's receipt; one of which only the digest is known counts."""
        return self._holders.get((provider, ProviderJobId.parse(request_id)), attempt) != attempt

    def add(self, item: Submission) -> None:
        """Learn the id of a submission as it is now."""
        if item.request_id is None:
            return
        receipt, before = (provider_of(item.model), item.request_id), self._held.get(item.attempt)
        if before is not None and before != receipt and self._holders.get(before) == item.attempt:
            del self._holders[before]
        self._held[item.attempt] = receipt
        self._holders.setdefault(receipt, item.attempt)
