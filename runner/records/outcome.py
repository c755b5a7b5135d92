"""How each job of a run ended."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, assert_never

if TYPE_CHECKING:
    from runner.records.lock import Entry
    from runner.records.plan import Plan
    from runner.records.provider import ErrorGroup


class Result(StrEnum):
    """What became of one job, in the order in which a report counts them."""

    MADE = "made"
    REUSED = "reused"
    RESTORED = "restored"
    UNFINISHED = "unfinished"  # paid, and goes on in the next run
    FAILED = "failed"
    UNKNOWN = "unknown"  # it may have been charged: a person decides
    SKIPPED = "skipped"

    @property
    def is_there(self) -> bool:
        """Whether the output of the job is in its place."""
        match self:
            case Result.MADE | Result.REUSED | Result.RESTORED:
                return True
            case Result.UNFINISHED | Result.FAILED | Result.UNKNOWN | Result.SKIPPED:
                return False
        assert_never(self)

    @property
    def may_have_paid(self) -> bool:
        """Whether this run may have paid for the job."""
        match self:
            case Result.MADE | Result.UNFINISHED | Result.FAILED | Result.UNKNOWN:
                return True
            case Result.REUSED | Result.RESTORED | Result.SKIPPED:
                return False
        assert_never(self)

    @property
    def exit_code(self) -> int:
        """Return the exit code of a run in which this is the gravest result; the highest is the gravest."""
        match self:
            case Result.MADE | Result.REUSED | Result.RESTORED:
                return 0
            case Result.UNFINISHED | Result.FAILED | Result.SKIPPED:
                return 5
            case Result.UNKNOWN:
                return 8
        assert_never(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one job ended."""

    job: str
    model: str
    result: Result
    entry: Entry | None = None
    spent_usd: Decimal | None = None
    message: str = ""
    help: str | None = None
    group: ErrorGroup | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """What a run did."""

    plan: Plan
    outcomes: tuple[Outcome, ...]
    interrupted: bool = False

    @property
    def spent_usd(self) -> Decimal | None:
        """What this run was charged, in USD; None when a part of it is not known."""
        amounts = [outcome.spent_usd for outcome in self.outcomes if outcome.spent_usd is not None]
        known = len(amounts) == sum(outcome.result.may_have_paid for outcome in self.outcomes)
        return sum(amounts, Decimal(0)) if known else None
