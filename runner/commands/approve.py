"""`approve`: bind a person's approval to the hash of a take."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING

from runner.commands.made import made_takes, take_number, todays_take
from runner.commands.options import ApproveOptions
from runner.errors import UsageError
from runner.records.approval import Approval, in_force
from runner.records.family import takes_of
from runner.report.numbers import listed
from runner.report.plain import PlainReport
from runner.report.style import clean
from runner.state.git import user_name
from runner.state.lock_validation import check_approval

if TYPE_CHECKING:
    from runner.commands.session import Session, WritingSession
    from runner.records.family import NumberedTake


def approve(session: Session, options: ApproveOptions) -> PlainReport:
    """Record that a person approves the chosen take of each named job, or of each cell of a matrix.

    With `withdraw`, that its approvals no longer count. Raises UsageError for a job without takes, a take that does not
    exist, a name or a note that the lock cannot hold: then nothing is written.
    """
    names = session.options.wanted.names
    if not names:
        raise UsageError("approve needs the names of jobs", help="scorefile approve JOB…")
    by = options.by or user_name(session.project.folder) or _login()
    with session.writing() as held:
        takes = {job: item for name in names for job, item in _takes(held, name, options).items()}
        words = {job: _word(held, job, item, by, options) for job, item in takes.items()}
        for job, word in words.items():
            held.store.ledger.say(job, word)
    done = "withdrew the approvals of" if options.withdraw else "approved"
    told = listed((f"{job} (take {item.number})" for job, item in takes.items()), 12)
    return PlainReport(
        verb="approve",
        content={
            "file": session.project.shown,
            "by": by,
            "withdrawn": options.withdraw,
            "jobs": [{"job": job, "take": item.number, "sha256": item.take.sha256} for job, item in takes.items()],
        },
        message=lambda _style: clean(f"{by} {done} {told}"),
    )


def approve_take(session: Session, job: str, sha256: str, *, timeout_s: float) -> None:
    """Record that the person at this machine approves a take by its hash.

    Raises UsageError when the take is gone, RunLockedError when a run is at work for longer than `timeout_s`.
    """
    by = user_name(session.project.folder) or _login()
    with session.writing(timeout_s=timeout_s) as held:
        item = next((item for item in takes_of(held.lock, job) if item.take.sha256 == sha256), None)
        if item is None:
            raise UsageError(
                f"{job} no longer has this take", help="nothing was changed; the page shows what there is now"
            )
        held.store.ledger.say(job, _word(held, job, item, by, ApproveOptions()))


def _takes(session: WritingSession, name: str, options: ApproveOptions) -> dict[str, NumberedTake]:
    lock, made = session.lock, made_takes(session.lock, name)
    if options.take is None:
        return {job: todays_take(lock, job, takes) for job, takes in made.items()}
    return {job: take_number(job, takes, options.take) for job, takes in made.items()}


def _word(session: WritingSession, job: str, item: NumberedTake, by: str, options: ApproveOptions) -> Approval:
    """Return what is written for one job. Raises UsageError when the lock cannot hold it, or there is nothing to withdraw."""
    held = [word for word in in_force(session.lock.approvals.get(job, ())) if _is_meant(word, item, options)]
    if options.withdraw and not held:
        raise UsageError(f"{job} has no approval to withdraw", help="scorefile takes shows what is approved")
    word = Approval(
        sha256=item.take.sha256,
        by=by,
        at=session.world.timestamp(),
        note=options.note,
        withdraws=frozenset(word.name for word in held) if options.withdraw else frozenset(),
    )
    try:
        return check_approval(word)
    except ValueError as error:
        option = "--note" if ".note" in str(error) else "--by"
        why = str(error).partition(": ")[2]
        raise UsageError(f"{option}: {why}", help="write one short line of text") from error


def _is_meant(word: Approval, item: NumberedTake, options: ApproveOptions) -> bool:
    return options.take is None or word.sha256 == item.take.sha256


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError) as error:
        raise UsageError("nobody knows who approves", help="say it: --by NAME") from error
