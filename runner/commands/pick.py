"""`pick`: which take of a job the pipeline asks for."""

from __future__ import annotations

import difflib
import shlex
from typing import TYPE_CHECKING

from runner.errors import UsageError
from runner.pipeline.edit import set_take
from runner.pipeline.edit.outline import outline
from runner.report.numbers import count
from runner.report.plain import PlainReport
from runner.report.style import clean
from runner.state.files.atomic import write_atomic
from runner.state.lockfile import read_lock
from runner.state.project import find_project
from runner.state.texts import read_pipeline

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from runner.records.lock import Lock
    from runner.state.project import Project


def pick(job: str, take: str, file: str | None, env: Mapping[str, str]) -> PlainReport:
    """Write `take:` into the job and nothing else. Raises UsageError when the job or its take does not exist."""
    number = _number(job, take, file)
    project = find_project(file, rehearsal=False, env=env)
    text = read_pipeline(project)
    chosen = outline(text, project.shown).takes
    _refuse_name(chosen, job)
    _refuse_take(read_lock(project.lock, rehearsal=False), job, number)
    changed = chosen[job] != number
    if changed:
        _write(project, text, set_take(text, project.shown, job, number))
    run = f"scorefile run {shlex.quote(file)}" if file else "scorefile run"
    told = (
        f"{project.shown}: {job} now has take {number}\n\nhelp: {run} puts it in its place, from the store and at no cost"
        if changed
        else f"{job} has take {number} already"
    )
    return PlainReport(
        verb="pick",
        content={"file": project.shown, "job": job, "take": number, "changed": changed},
        message=lambda _style: "\n".join(map(clean, told.split("\n"))),
    )


def _number(job: str, take: str, file: str | None) -> int:
    """Return TAKE as a number. Raises UsageError, also for words in the order FILE JOB TAKE."""
    if take.isdecimal() and take.isascii() and int(take) >= 1:
        return int(take)
    if file is not None and file.isdecimal():
        right = shlex.join(["scorefile", "pick", take, file, job])
        raise UsageError("pick takes its arguments in the order JOB TAKE [FILE]", help=right)
    raise UsageError(f"TAKE is {take!r}, not a number from 1", help="scorefile pick JOB TAKE [FILE]")


def _refuse_name(jobs: Iterable[str], job: str) -> None:
    """Raise UsageError unless the file has such a job with settings that can be edited."""
    known = list(jobs)
    if job in known:
        return
    group = job.partition("@")[0]
    if group in known:
        message = f"{job} is one cell of {group}; `take` applies to every cell of {group}"
        raise UsageError(message, help=f"choose it for the whole job: scorefile pick {group} TAKE")
    close = difflib.get_close_matches(job, known, n=1)
    remedy = f"did you mean {close[0]}?" if close else f"jobs: {', '.join(known[:12])}" if known else None
    raise UsageError(f"there is no job {job}", help=remedy)


def _refuse_take(lock: Lock, job: str, take: int) -> None:
    """Raise UsageError when the lock has no such take of the job, or of one of its cells."""
    entries = {name: lock.made(name) for name in lock.jobs if name.partition("@")[0] == job}
    made = {name: len(entry.takes) for name, entry in entries.items() if entry is not None}
    if not made:
        raise UsageError(f"{job} has no takes to choose from", help="make them first: scorefile run")
    short = [name for name, number in made.items() if take > number]
    if short:
        raise UsageError(
            f"{short[0]} has {count(made[short[0]], 'take')}, so there is no take {take}",
            help="a model that makes several takes has a parameter for it: scorefile models MODEL",
        )


def _write(project: Project, before: str, after: str) -> None:
    """Write the edited text with the byte order mark and mode that the file had."""
    raw = project.file.read_bytes()
    mark = raw[: len(raw) - len(before.encode())]
    write_atomic(project.file.resolve(), mark + after.encode(), mode=project.file.stat().st_mode & 0o777)
