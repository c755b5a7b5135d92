"""Picks that differ: people chose different takes of a job on branches that were joined since, and one has to choose."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from runner.errors import StateError
from runner.records.family import takes_of
from runner.records.source import Mark, Problem
from runner.report.commands import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.records.lock import Lock
    from runner.state.project import Project


class LockFile(Protocol):
    """The lock of a project as it is in its file. Both raise StateError when it cannot be read."""

    @property
    def lock_bytes(self) -> bytes | None: ...
    @property
    def written_lock(self) -> Lock: ...


def pick_problems(project: Project, file: LockFile) -> tuple[Problem, ...]:
    """Return a warning for each job for which the lock has several picks; none where it cannot be read."""
    with suppress(StateError, UnicodeDecodeError):
        data = file.lock_bytes or b""
        if b'"picks"' in data:
            shown = project.lock if project.rehearsal else Path(project.shown).with_suffix(".lock")
            return tuple(_problems(file.written_lock, data.decode().split("\n"), str(shown)))
    return ()


def _problems(lock: Lock, lines: list[str], file: str) -> Iterator[Problem]:
    for job in sorted(lock.picks):
        picks = lock.chosen(job)
        if len(picks) > 1:
            chosen = " and ".join(sorted(_name(lock, job, sha256) for sha256 in picks))
            yield Problem(
                code="SF701",
                severity="warning",
                message=f"{job} has {len(picks)} picks that differ: {chosen}",
                mark=_mark(lines, job, file),
                path=("jobs", job),
                help=f"choose one: scorefile pick {quoted(job)} TAKE",
            )


def _name(lock: Lock, job: str, sha256: str | None) -> str:
    """Return what a person calls a take: its number, or where it is not among the takes of the job, its hash."""
    if sha256 is None:
        return "none"
    numbers = [item.number for item in takes_of(lock, job) if item.take.sha256 == sha256]
    return f"take {numbers[0]}" if numbers else sha256[:12]


def _mark(lines: list[str], job: str, file: str) -> Mark:
    """Return the place of a job's picks, as the lock is written; its first line where a person wrote it otherwise."""
    key = f"  {json.dumps(job, ensure_ascii=False)}: {{"
    begin = next((number for number, line in enumerate(lines) if line.startswith(key)), None)
    if begin is None:
        return Mark(file=file, line=1, column=1)
    within = enumerate(lines[begin + 1 :], start=begin + 1)
    number = next((number for number, line in within if line.startswith('   "picks"')), begin)
    column = len(lines[number]) - len(lines[number].lstrip()) + 1
    return Mark(file=file, line=number + 1, column=column, end_column=column + len(lines[number].strip()))
