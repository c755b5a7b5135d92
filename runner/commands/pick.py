"""`pick` and `unpick`: which take of a job is at its output."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from runner.commands.made import made_takes, take_number, take_of_hash
from runner.errors import UsageError
from runner.report.commands import command_line
from runner.report.plain import PlainReport
from runner.report.style import clean

if TYPE_CHECKING:
    from runner.commands.session import Session


def pick(session: Session, job: str, take: str) -> PlainReport:
    """Record in the lock that a person chose a take of a job, or of every cell of a matrix.

    The lock has it by its hash, so it counts for the audio that was heard and for no other. Raises UsageError when the
    job or its take does not exist.
    """
    number = _number(job, take, session.options.file)
    with session.writing() as held:
        chosen = {
            name: take_number(name, takes, number).take.sha256 for name, takes in made_takes(held.lock, job).items()
        }
        changed = [name for name, sha256 in chosen.items() if held.store.pick(name, sha256)]
    told = f"picked take {number} of {job}" if changed else f"take {number} of {job} was picked already"
    return _report(session, "pick", told, job=job, take=number, changed=bool(changed))


def unpick(session: Session, job: str) -> PlainReport:
    """Record in the lock that no take of a job, or of any cell of a matrix, is picked any more.

    Raises UsageError when none was.
    """
    with session.writing() as held:
        names = [name for name in held.lock.picks if job in (name, name.partition("@")[0])]
        changed = [name for name in names if held.store.pick(name, None)]
    if not changed:
        raise UsageError(f"no take of {job} is picked", help="scorefile takes shows what is picked")
    return _report(session, "unpick", f"no take of {job} is picked any more", job=job, changed=True)


def _report(session: Session, verb: str, told: str, *, job: str, changed: bool, take: int | None = None) -> PlainReport:
    run = command_line("run", session.options.file, rehearse=session.options.rehearse)
    told += f"\n\nhelp: {run} puts the chosen take in its place, from the store and at no cost" if changed else ""
    number = {} if take is None else {"take": take}
    return PlainReport(
        verb=verb,
        content={"file": session.project.shown, "job": job, **number, "changed": changed},
        message=lambda _style: "\n".join(map(clean, told.split("\n"))),
    )


def pick_take(session: Session, job: str, sha256: str | None, *, saw: frozenset[str], timeout_s: float) -> None:
    """Record that a person chose a take of a job, or None of them, who saw that the takes `saw` were chosen until then.

    Raises UsageError when the take is gone or somebody else chose another one meanwhile, RunLockedError when a run is at
    work for longer than `timeout_s`.
    """
    with session.writing(timeout_s=timeout_s) as held:
        if sha256 is not None:
            take_of_hash(held.lock, job, sha256)
        if held.lock.chosen(job) - {None} not in (saw, {sha256}):
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
