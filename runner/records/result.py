"""The result of one job, in one word."""

from __future__ import annotations

from enum import StrEnum
from typing import assert_never


class Result(StrEnum):
    """The result of one job, in the order in which a report counts them."""

    MADE = "made"
    REUSED = "reused"
    RESTORED = "restored"
    MASTERED = "mastered"
    UNFINISHED = "unfinished"  # paid, and resumes in the next run
    FAILED = "failed"
    UNKNOWN = "unknown"  # it may have been charged: a person decides
    SKIPPED = "skipped"

    @property
    def is_there(self) -> bool:
        """Whether the job's output is in place."""
        match self:
            case Result.MADE | Result.REUSED | Result.RESTORED | Result.MASTERED:
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
            case Result.REUSED | Result.RESTORED | Result.MASTERED | Result.SKIPPED:
                return False
        assert_never(self)

    @property
    def exit_code(self) -> int:
        """Return the exit code of a run in which this is the gravest result; the highest is the gravest."""
        match self:
            case Result.MADE | Result.REUSED | Result.RESTORED | Result.MASTERED:
                return 0
            case Result.UNFINISHED | Result.FAILED | Result.SKIPPED:
                return 5
            case Result.UNKNOWN:
                return 8
        assert_never(self)
