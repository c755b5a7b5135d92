"""A budget with reservations: the worst case is reserved before a submission, and settled when its price is known."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from runner.records.endings import OverBudget

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What may be spent in one run, in USD; `limit` None means no limit was set."""

    limit: Decimal | None
    spent: Decimal = Decimal(0)
    reserved: Mapping[str, Decimal] = field(default_factory=dict)

    @property
    def left(self) -> Decimal | None:
        """What may still be reserved; None without a limit."""
        if self.limit is None:
            return None
        return self.limit - self.spent - sum(self.reserved.values(), Decimal(0))

    def refusal(self, job: str, worst: Decimal | None) -> OverBudget | None:
        """Return the ending of a job that its worst case keeps from being submitted, or None when it may be.

        What is reserved for a job covers every submission that it may make.
        """
        if self.limit is None or job in self.reserved:
            return None
        if worst is None:
            return OverBudget(worst=None, left=self.left or Decimal(0), limit=self.limit)
        left = self.left
        if left is not None and worst > left:
            return OverBudget(worst=worst, left=left, limit=self.limit)
        return None

    def reserve(self, job: str, worst: Decimal | None) -> Budget:
        """Reserve the worst case of a job."""
        return replace(self, reserved={**self.reserved, job: worst or Decimal(0)})

    def settle(self, job: str, paid: Decimal | None) -> Budget:
        """Replace a reservation by what was paid, or by all of it when that is unknown."""
        reserved = dict(self.reserved)
        reserved_usd = reserved.pop(job, Decimal(0))
        return replace(self, reserved=reserved, spent=self.spent + (reserved_usd if paid is None else paid))
