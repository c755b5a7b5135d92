"""A budget with reservations: the worst case is reserved before a submission, and settled when its price is known."""

from __future__ import annotations

from decimal import Decimal

from runner.records.endings import OverBudget


class Budget:
    """What may be spent in one run, in USD; `limit` None means no limit was set."""

    def __init__(self, *, limit: Decimal | None) -> None:
        self.limit = limit
        self.spent = Decimal(0)
        self._reserved: dict[str, Decimal] = {}
        self._held = Decimal(0)
        """The sum of all reservations."""

    @property
    def left(self) -> Decimal | None:
        """What may still be reserved; None without a limit."""
        return None if self.limit is None else self.limit - self.spent - self._held

    def refusal(self, job: str, worst: Decimal | None) -> OverBudget | None:
        """Return the ending of a job that its worst case keeps from being submitted, or None when it may be.

        What is reserved for a job covers every submission that it may make.
        """
        if self.limit is None or job in self._reserved:
            return None
        left = self.left or Decimal(0)
        if worst is None or worst > left:
            return OverBudget(worst=worst, left=left, limit=self.limit)
        return None

    def reserve(self, job: str, worst: Decimal | None) -> None:
        """Reserve the worst case of a job, in place of what was reserved for it."""
        self._free(job)
        self._reserved[job] = worst or Decimal(0)
        self._held += self._reserved[job]

    def settle(self, job: str, paid: Decimal | None) -> None:
        """Replace a reservation by what was paid, or by all of it when that is unknown."""
        reserved = self._free(job)
        self.spent += reserved if paid is None else paid

    def _free(self, job: str) -> Decimal:
        reserved = self._reserved.pop(job, Decimal(0))
        self._held -= reserved
        return reserved
