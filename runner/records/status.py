"""The status of a job: its lock entry, its output on disk, its unfinished submissions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from runner.frozen import dataclass

if TYPE_CHECKING:
    from runner.records.deviations import Deviation
    from runner.records.expectations import Judged
    from runner.records.lock import Entry
    from runner.records.submission import Submission

OutputState: TypeAlias = Literal["same", "missing", "changed", "pointer", "pending", "not made"]
"""The output compared with the lock. `pointer`: Git LFS left one; `pending`: paid for, no take yet; `not made`: only the pipeline knows the job."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStatus:
    """One job: its lock entry compared with the disk, and its unfinished submissions."""

    job: str
    model: str
    entry: Entry | None
    """The one whose take is at the output; else the one that it was last made by, or that is not finished."""
    output: OutputState
    path: str | None = None
    take: int | None = None
    """The number of the take at the output, through the family of its entry; None where there is none."""
    takes: int = 0
    """How many takes that family has."""
    unfinished: tuple[Submission, ...] = ()
    deviations: tuple[Deviation, ...] = ()
    """How its takes differ from what its request asked and its model promises."""
    judged: tuple[Judged, ...] = ()
    """What the take at its output does not meet of what is expected."""
