"""How one job of a run ended."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runner.records.endings import Ending
    from runner.records.lock import Entry
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
        """Return what became of the job, in one word."""
        return self.ending.result
