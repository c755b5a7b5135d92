"""Every job of lock, journal and pipeline with its output and what is not finished."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from runner.frozen import dataclass
from runner.records.status import OutputState
from runner.report.deviations import deviation_data, deviation_text
from runner.report.expectations import judged_data, judged_text
from runner.report.finishing import finished_data
from runner.report.numbers import count, size
from runner.report.style import clean
from runner.report.table import folded, folded_name, folded_text, table

if TYPE_CHECKING:
    from collections.abc import Hashable

    from runner.records.disk import Room
    from runner.records.source import Json
    from runner.records.status import JobStatus
    from runner.records.submission import Submission
    from runner.report.records import Style

_HEAD = ("JOB", "MODEL", "TAKE", "OUTPUT", "UNFINISHED")


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    """The state of every job."""

    lock: str
    rows: tuple[JobStatus, ...]
    store: Room
    verb: str = "status"
    exit_code: int = 0

    def data(self) -> dict[str, Json]:
        """Return everything, as data."""
        store: dict[str, Json] = {"files": self.store.files, "bytes": self.store.bytes}
        return {"lock": self.lock, "jobs": [status_data(item) for item in self.rows], "store": store}

    def text(self, style: Style) -> str:
        """Return a line a job and a closing line; with `style.quiet`, only the jobs that need something."""
        if not self.rows:
            return "nothing made yet"
        shown = [item for item in self.rows if not style.quiet or item.output != "same" or item.unfinished]
        lines = table(_HEAD, [_row(cells) for cells in folded(shown, _job, _said, style=style)], style) if shown else ()
        differing = [clean(f"{item.job}: {deviation_text(one)}") for item in self.rows for one in item.deviations]
        differing += [clean(f"{item.job}: {judged_text(one)}") for item in self.rows for one in item.judged]
        held = [] if style.quiet or not self.store.files else [self._held()]
        return "\n".join([*lines, *[""] * bool(lines), *differing, *[""] * bool(differing), self._sums(), *held])

    def messages(self, style: Style) -> str:
        """Return nothing for stderr."""
        del style
        return ""

    def _held(self) -> str:
        return f"the store holds {count(self.store.files, 'file')}, {size(self.store.bytes)}"

    def _sums(self) -> str:
        states = [item.output for item in self.rows]
        counts = [f"{states.count(state):,} {state}" for state in get_args(OutputState) if state in states]
        unfinished = sum(len(item.unfinished) for item in self.rows)
        waiting = [count(unfinished, "unfinished submission")] if unfinished else []
        return ", ".join([count(len(self.rows), "job"), *counts, *waiting])


def status_data(item: JobStatus) -> dict[str, Json]:
    """Return one row of status or verify as data."""
    return {
        "job": item.job,
        "model": item.model,
        "output": item.output,
        "path": item.path,
        "finished": finished_data(item.entry),
        "unfinished": [
            {
                "attempt": waiting.short_attempt,
                "phase": waiting.phase.value,
                "submitted_at": waiting.submitted_at,
                "message": waiting.message,
            }
            for waiting in item.unfinished
        ],
        "deviations": deviation_data(item.deviations),
        "expectations": judged_data(item.judged),
    }


def _row(cells: tuple[JobStatus, ...]) -> tuple[str, ...]:
    """Return the row of one job, or of many cells of which the same is said."""
    first = cells[0]
    several = len(first.unfinished) > 1
    waiting = ", ".join(f"{_attempt(one) * several}{_since(one)}" for one in first.unfinished)
    paths = [cell.path for cell in cells if cell.path]
    path = folded_text(paths)
    output = f"{path} ({said(first.output)})" if paths else first.output
    return (folded_name([_job(cell) for cell in cells]), first.model, _take(first), output, waiting)


def _take(item: JobStatus) -> str:
    return f"{item.take}/{item.takes}" if item.take else ""


def _job(item: JobStatus) -> str:
    return item.job


def _said(item: JobStatus) -> Hashable:
    """Return what cells have to have in common to be one row; one with an unfinished submission has its own."""
    return item.job if item.unfinished else (item.model, item.output, _take(item), item.path is None)


def said(state: OutputState) -> str:
    """Return the state of an output in words."""
    return "a Git LFS pointer; run: git lfs pull" if state == "pointer" else state


def _attempt(item: Submission) -> str:
    """Return what follows the job's name where one of several is named: JOB~ATTEMPT."""
    return f"~{item.short_attempt} "


def _since(item: Submission) -> str:
    return f"{item.phase} since {item.submitted_at or item.planned_at}"
