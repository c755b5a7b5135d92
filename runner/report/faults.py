"""How a job of a run that is not done is reported, by its result."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from runner.frozen import dataclass
from runner.records.result import Result

if TYPE_CHECKING:
    from runner.report.records import Level, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """How a job that is not done is reported."""

    rule: str
    level: Level
    state: State


def fault_of(result: Result) -> Fault | None:
    """Return how a job with this result is reported; None when it is done."""
    match result:
        case Result.MADE | Result.REUSED | Result.RESTORED | Result.MASTERED:
            return None
        case Result.UNFINISHED:
            return Fault(rule="job-unfinished", level="warning", state="failed")
        case Result.FAILED:
            return Fault(rule="job-failed", level="error", state="failed")
        case Result.UNKNOWN:
            return Fault(rule="payment-unknown", level="error", state="error")
        case Result.SKIPPED:
            return Fault(rule="job-skipped", level="warning", state="skipped")
    assert_never(result)
