"""A budget is a reservation: the worst case is set aside before a submit, and settled when its price is known."""

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
        """What may still be promised; None without a limit."""
        if self.limit is None:
            return None
        return self.limit - self.spent - sum(self.reserved.values(), Decimal(0))

    def refusal(self, job: str, worst: Decimal | None) -> OverBudget | None:
        """Say why a submit of this worst case may not be made, or None when it may.

        What is set aside for a job covers every submit that it is allowed.
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
        """Set the worst case of a job aside."""
        return replace(self, reserved={**self.reserved, job: worst or Decimal(0)})

    def settle(self, job: str, paid: Decimal | None) -> Budget:
        """Turn a reservation into what was paid, or, unknown, into all that was reserved."""
        reserved = dict(self.reserved)
        aside = reserved.pop(job, Decimal(0))
        return replace(self, reserved=reserved, spent=self.spent + (aside if paid is None else paid))
