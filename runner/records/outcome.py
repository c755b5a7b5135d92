"""How each job of a run ended."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runner.records.endings import Ending
    from runner.records.lock import Entry
    from runner.records.plan import Plan
    from runner.records.result import Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one job ended, and what this run was charged for it in USD; None when that is not known."""

    job: str
    model: str
    ending: Ending
    entry: Entry | None = None
    spent_usd: Decimal | None = Decimal(0)

    @property
    def result(self) -> Result:
        """Return the result of the job, in one word."""
        return self.ending.result


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """What a run did."""

    plan: Plan
    outcomes: tuple[Outcome, ...]
    interrupted: bool = False
    seconds: float | None = None
    """How long its jobs took; None when there was nothing to do."""

    @property
    def spent_usd(self) -> Decimal | None:
        """What this run was charged, in USD; None when a part of it is not known."""
        amounts = [outcome.spent_usd for outcome in self.outcomes]
        known = [amount for amount in amounts if amount is not None]
        return sum(known, Decimal(0)) if len(known) == len(amounts) else None
