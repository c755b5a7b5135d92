"""`approve`: bind a person's approval to the hash of a take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.commands.made import meant_takes, take_of_hash
from runner.commands.said import sayable, speaker
from runner.errors import UsageError
from runner.frozen import replace
from runner.records.approval import Approval, in_force
from runner.report.numbers import listed
from runner.report.plain import PlainReport
from runner.report.style import clean
from runner.state.lock_validation import check_approval

if TYPE_CHECKING:
    from runner.commands.options import ApproveOptions
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
    by = speaker(session, options.by)
    with session.writing() as held:
        takes = meant_takes(held.lock, names, options.take)
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


def approve_take(session: Session, job: str, approval: Approval, *, timeout_s: float) -> None:
    """Record an approval of a take of a job, unless the same person gave it with the same note.

    Raises UsageError when the take is gone or the lock cannot hold the note, RunLockedError when a run is at work for
    longer than `timeout_s`.
    """
    with session.writing(timeout_s=timeout_s) as held:
        take_of_hash(held.lock, job, approval.sha256)
        known = in_force(held.lock.approvals.get(job, ()))
        if not any(replace(word, at=approval.at) == approval for word in known):
            held.store.ledger.say(job, sayable(approval, check_approval))


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
    return sayable(word, check_approval)


def _is_meant(word: Approval, item: NumberedTake, options: ApproveOptions) -> bool:
    return options.take is None or word.sha256 == item.take.sha256
