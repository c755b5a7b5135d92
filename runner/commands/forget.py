"""`forget`: leave jobs that the pipeline no longer has out of the lock, once a person has seen what was paid for them."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from runner.errors import PolicyError, UsageError
from runner.plan.claims import Claims
from runner.records.lock import State
from runner.report.commands import command_line, resolve_command
from runner.report.forget import ForgetReport, Forgotten
from runner.report.numbers import some

if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.commands.session import Session
    from runner.records.lock import Lock


def forget(session: Session, confirm: Callable[[ForgetReport], bool]) -> ForgetReport:
    """Leave all that the named jobs have made out of the lock, when `confirm` is shown it and agrees.

    Raises UsageError when none is named, or one is not in the lock, is in the pipeline or is not finished; PolicyError when
    nobody agrees; InvalidFilesError when the pipeline is wrong: which jobs it has must be certain.
    """
    with session.writing() as held:
        jobs = _named(held)
        _refuse_used(held, jobs)
        report = ForgetReport(jobs=tuple(_forgotten(held.lock, job) for job in jobs), name=held.project.shown)
        if not confirm(report):
            raise PolicyError("nothing was forgotten", help="add --yes to forget what is listed")
        held.store.forget(jobs)
    return report


def _named(session: Session) -> tuple[str, ...]:
    """Return the jobs that are meant; each cell of a matrix is one. Raises UsageError."""
    lock, names = session.lock, session.options.wanted.names
    known = {job for job in lock.jobs if any(entry.receipt or entry.output for entry in lock.jobs[job])}
    if not names:
        gone = sorted(known - {request.job for request in session.checked.requests})
        removed = f"{some(gone, 12)} left the pipeline" if gone else "no job of the lock has left the pipeline"
        raise UsageError("no job was named", help=f"name the jobs to forget; {removed}")
    found: dict[str, None] = {}
    for name in names:
        meant = sorted(job for job in known if name in (job, job.partition("@")[0]))
        if not meant:
            close = difflib.get_close_matches(name, known, n=1)
            remedy = f"did you mean {close[0]}?" if close else "scorefile status lists the jobs of the lock"
            raise UsageError(f"{name} is not in the lock", help=remedy)
        found |= dict.fromkeys(meant)
    return tuple(found)


def _refuse_used(session: Session, jobs: tuple[str, ...]) -> None:
    """Raise UsageError when a job, or what it made, is in use, or it has a submission that is not finished."""
    file, lock, requests = session.options.file, session.lock, session.checked.requests
    declared = {request.job for request in requests}
    owners = Claims(requests, models=session.catalog.models, lock=lock).owners
    waiting = {item.job: item for item in session.unfinished if item.attempt not in _lost(lock)}
    for job in jobs:
        if job in declared:
            raise UsageError(
                f"{job} is in the pipeline", help=f"take it out of {session.project.shown} first; nothing was forgotten"
            )
        used_by = next((owners[entry.attempt] for entry in lock.jobs[job] if entry.attempt in owners), None)
        if used_by is not None:
            raise UsageError(
                f"{job} is called {used_by} now, which has its takes",
                help=f"{command_line('run', file)} gives them to {used_by} for good; nothing was forgotten",
            )
        if job in waiting:
            item = waiting[job]
            unknown = lock.entries[item.attempt].state is State.UNKNOWN
            line = resolve_command(file, session.targets.short_name(item), rehearse=False)
            remedy = (
                f"settle it first: {line}" if unknown else f"finish it first, at no cost: {command_line('run', file)}"
            )
            what = "the payment status of a submission is unknown" if unknown else "a submission is not finished"
            raise UsageError(f"{job}: {what}", help=f"{remedy}; nothing was forgotten")


def _lost(lock: Lock) -> frozenset[str]:
    """Return the submissions that ended without their audio: to forget one is to give it up."""
    return frozenset(attempt for attempt, entry in lock.entries.items() if entry.state is State.LOST)


def _forgotten(lock: Lock, job: str) -> Forgotten:
    entries = lock.jobs[job]
    return Forgotten(
        job=job,
        models=tuple(sorted({entry.model for entry in entries})),
        prices=tuple(
            entry.receipt.price_usd for entry in entries if entry.receipt is not None and entry.state.may_be_charged
        ),
        takes=len({take.sha256 for entry in entries for take in entry.takes}),
        output=next((entry.output.path for entry in entries if entry.output is not None), None),
    )
