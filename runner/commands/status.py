"""Where a pipeline stands: the lock, the outputs and what is not finished, side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from runner.errors import UsageError
from runner.state.project import find_project

if TYPE_CHECKING:
    from runner.commands.options import Ask
    from runner.records.lock import Entry
    from runner.records.submission import Submission
    from runner.state.project import Project

Drift = Literal["same", "missing", "changed", "pending"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stands:
    """One lock entry against the disk, and what the journal says of submissions that did not end."""

    job: str
    entry: Entry | None
    output: Drift
    path: str | None = None
    unfinished: tuple[Submission, ...] = ()


def status(ask: Ask) -> tuple[Project, tuple[Stands, ...]]:
    """Return lock, outputs and unfinished submissions side by side, sorted by job. Reads the pipeline's place only."""
    from runner.commands.known import known_submissions
    from runner.records.submission import UNSETTLED
    from runner.state.journal import read_events
    from runner.state.lockfile import read_lock

    project = find_project(ask.file, rehearsal=ask.rehearse, env=ask.env)
    lock = read_lock(project.lock, rehearsal=project.rehearsal)
    unfinished: dict[str, list[Submission]] = {}
    for submission in known_submissions(lock, read_events(project.journal)):
        if submission.phase in UNSETTLED:
            unfinished.setdefault(submission.job, []).append(submission)
    jobs = sorted({*lock.jobs, *unfinished})
    return project, tuple(_stands(project, job, lock.jobs.get(job), unfinished.get(job, [])) for job in jobs)


def verify(ask: Ask) -> tuple[Stands, ...]:
    """Hold every output against the lock by hash. Raises UsageError when there is no lock."""
    project, rows = status(ask)
    if not project.lock.exists():
        raise UsageError(f"there is no {project.lock.name} to verify against", help="make one: scorefile run")
    return tuple(row for row in rows if row.entry is not None and row.entry.takes)


def _stands(project: Project, job: str, entry: Entry | None, unfinished: list[Submission]) -> Stands:
    from runner.state.files.folder import digest

    placed = next((take for take in entry.takes if take.path), None) if entry else None
    if placed is None or placed.path is None:
        return Stands(job=job, entry=entry, output="pending", unfinished=tuple(unfinished))
    found = digest(project.root / placed.path)
    output: Drift = "missing" if found is None else "same" if found == placed.sha256 else "changed"
    return Stands(job=job, entry=entry, output=output, path=placed.path, unfinished=tuple(unfinished))
