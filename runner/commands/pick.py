"""`pick`: which take of a job is at its output."""

from __future__ import annotations

import difflib
import shlex
from typing import TYPE_CHECKING

from runner.errors import UsageError
from runner.records.family import takes_of
from runner.report.numbers import count
from runner.report.plain import PlainReport
from runner.report.style import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.commands.session import Session
    from runner.records.family import NumberedTake
    from runner.records.lock import Lock


def pick(session: Session, job: str, take: str) -> PlainReport:
    """Record in the lock that a person chose a take of a job, or of every cell of a matrix.

    The lock has it by its hash, so it counts for the audio that was heard and for no other. Raises UsageError when the
    job or its take does not exist.
    """
    number = _number(job, take, session.options.file)
    with session.writing() as held:
        chosen = {name: _take(name, takes, number) for name, takes in _made(held.lock, job).items()}
        changed = [name for name, sha256 in chosen.items() if held.store.pick(name, sha256)]
    file = session.options.file
    run = f"scorefile run {shlex.quote(file)}" if file else "scorefile run"
    help_ = f"help: {run} puts it in its place, from the store and at no cost"
    told = f"picked take {number} of {job}\n\n{help_}" if changed else f"take {number} of {job} was picked already"
    return PlainReport(
        verb="pick",
        content={"file": session.project.shown, "job": job, "take": number, "changed": bool(changed)},
        message=lambda _style: "\n".join(map(clean, told.split("\n"))),
    )


def pick_take(session: Session, job: str, sha256: str, *, saw: frozenset[str], timeout_s: float) -> None:
    """Record that a person chose a take of a job who saw that the takes `saw` were chosen until then.

    Raises UsageError when the take is gone or somebody else chose another one meanwhile, RunLockedError when a run is at
    work for longer than `timeout_s`.
    """
    with session.writing(timeout_s=timeout_s) as held:
        if sha256 not in {item.take.sha256 for item in takes_of(held.lock, job)}:
            raise UsageError(
                f"{job} no longer has this take", help="nothing was changed; the page shows what there is now"
            )
        if held.lock.chosen(job) not in (saw, {sha256}):
            raise UsageError(
                f"another take of {job} was picked meanwhile", help="nothing was changed; look at it, then pick again"
            )
        held.store.pick(job, sha256)


def _number(job: str, take: str, file: str | None) -> int:
    """Return TAKE as a number. Raises UsageError, also for words in the order FILE JOB TAKE."""
    if take.isdecimal() and take.isascii() and int(take) >= 1:
        return int(take)
    if file is not None and file.isdecimal():
        right = shlex.join(["scorefile", "pick", take, file, job])
        raise UsageError("pick takes its arguments in the order JOB TAKE [FILE]", help=right)
    raise UsageError(f"TAKE is {take!r}, not a number from 1", help="scorefile pick JOB[@CELL] TAKE [FILE]")


def _made(lock: Lock, job: str) -> Mapping[str, tuple[NumberedTake, ...]]:
    """Return the takes of a job, or of each cell of a matrix. Raises UsageError when there are none."""
    made = {name: takes for name in lock.jobs if (takes := takes_of(lock, name))}
    found = {name: entry for name, entry in made.items() if job in (name, name.partition("@")[0])}
    if not found:
        known = sorted({*made, *(name.partition("@")[0] for name in made)})
        close = difflib.get_close_matches(job, known, n=1)
        remedy = f"did you mean {close[0]}?" if close else "make them first: scorefile run"
        raise UsageError(f"{job} has no takes to choose from", help=remedy)
    return found


def _take(job: str, takes: tuple[NumberedTake, ...], number: int) -> str:
    """Return the hash of one of these takes. Raises UsageError when there is none of this number."""
    if number > len(takes):
        raise UsageError(
            f"{job} has {count(len(takes), 'take')}, so there is no take {number}",
            help="a model that makes several takes has a parameter for it: scorefile models MODEL",
        )
    return takes[number - 1].take.sha256
