"""How each job of a run ended."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from runner.frozen import dataclass
from runner.records.request import named

if TYPE_CHECKING:
    from runner.records.endings import Ending
    from runner.records.lock import Entry
    from runner.records.plan import Plan
    from runner.records.request import Request
    from runner.records.result import Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one job ended, and what this run was charged for it in USD; None when that is not known."""

    job: str
    model: str
    ending: Ending
    entry: Entry | None = None
    spent_usd: Decimal | None = Decimal(0)
    roll: int = 0
    """Which roll of the job it is, whose takes are at no output; 0 for the job itself."""

    @classmethod
    def of(
        cls, request: Request, ending: Ending, entry: Entry | None = None, *, spent_usd: Decimal | None = Decimal(0)
    ) -> Outcome:
        """Return how the job of a request ended."""
        return cls(
            job=request.job,
            model=request.model.id,
            ending=ending,
            entry=entry,
            spent_usd=spent_usd,
            roll=request.extra_roll,
        )

    @property
    def name(self) -> str:
        """Return what tells it from every other outcome of its run."""
        return named(self.job, self.roll)

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
