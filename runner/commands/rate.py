"""`rate`: what people think of a take, in stars and notes, bound to its hash."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.commands.made import meant_takes, take_of_hash
from runner.commands.said import sayable, speaker
from runner.errors import UsageError
from runner.frozen import replace
from runner.records.rating import Rating
from runner.records.words import last_words, names_until
from runner.report.numbers import count, listed
from runner.report.plain import PlainReport
from runner.report.style import clean
from runner.state.lock_validation import check_rating

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.commands.options import RateOptions
    from runner.commands.session import Session, WritingSession
    from runner.records.lock import Lock


def rate(session: Session, options: RateOptions) -> PlainReport:
    """Record how a person rates the chosen take of each named job, or of each cell of a matrix.

    It takes the place of their last rating of that take; stars or a note that are not given stay as they were. With
    `withdraw`, they rate it no more. Raises UsageError for a job without takes, a take that does not exist, a name or a
    note that the lock cannot hold: then nothing is written.
    """
    names = session.options.wanted.names
    _refuse_unclear(names, options)
    by = speaker(session, options.by)
    with session.writing() as held:
        takes = meant_takes(held.lock, names, options.take)
        ratings = {job: _rating(held, job, item.take.sha256, by, options) for job, item in takes.items()}
        _record(held, ratings)
    done = "no longer rates" if options.withdraw else "rated"
    stars = f": {count(options.stars, 'star')}" if options.stars else ""
    told = listed((f"{job} (take {item.number})" for job, item in takes.items()), 12)
    return PlainReport(
        verb="rate",
        content={
            "file": session.project.shown,
            "by": by,
            "withdrawn": options.withdraw,
            "jobs": [
                {
                    "job": job,
                    "take": item.number,
                    "sha256": item.take.sha256,
                    "stars": ratings[job].stars,
                    "note": ratings[job].note,
                }
                for job, item in takes.items()
            ],
        },
        message=lambda _style: clean(f"{by} {done} {told}{stars}"),
    )


def rate_take(session: Session, job: str, rating: Rating, *, saw: frozenset[str], timeout_s: float) -> frozenset[str]:
    """Record a rating of a take of a job by a person who saw that the ratings `saw` of their own counted until then.

    Return the names of those that count now; one without stars and note ends them. Raises UsageError when the take is
    gone or the same person has rated it meanwhile, RunLockedError when a run is at work for longer than `timeout_s`.
    """
    with session.writing(timeout_s=timeout_s) as held:
        take_of_hash(held.lock, job, rating.sha256)
        before = _own(held.lock, job, rating)
        if _names(before) != saw and not _is_said(before, rating):
            raise UsageError(
                f"{rating.by} has rated this take of {job} meanwhile",
                help="nothing was changed; look at that rating, then save yours again",
            )
        _record(held, {job: rating})
        return _names(_own(held.lock, job, rating))


def _refuse_unclear(names: tuple[str, ...], options: RateOptions) -> None:
    """Raise UsageError unless it is clear what is to be written."""
    if not names:
        raise UsageError("rate needs the names of jobs", help="scorefile rate JOB… --stars 4")
    says = options.stars is not None or options.note is not None
    if options.withdraw and says:
        raise UsageError("--withdraw takes neither --stars nor --note", help="withdraw the rating, or replace it")
    if not options.withdraw and not says:
        raise UsageError("rate needs --stars, --note or --withdraw", help="scorefile rate JOB --stars 4 --note TEXT")


def _rating(session: WritingSession, job: str, sha256: str, by: str, options: RateOptions) -> Rating:
    """Return what a person says of one job. Raises UsageError when there is nothing to withdraw."""
    blank = Rating(sha256=sha256, by=by, at=session.world.timestamp())
    before = [item for item in session.lock.rated(job, sha256) if item.by == by]
    if options.withdraw:
        if not before:
            raise UsageError(f"{job} has no rating by {by} to withdraw", help="scorefile takes shows who rated what")
        return blank
    note = next((item.note for item in before if item.note), "") if options.note is None else options.note.strip()
    stars = next((item.stars for item in before if item.stars), None) if options.stars is None else options.stars
    return replace(blank, note=note, stars=stars)


def _record(session: WritingSession, ratings: Mapping[str, Rating]) -> None:
    """Record a rating of each job in place of those of the same person, unless they said just that.

    Raises UsageError when the lock cannot hold one: then none is recorded.
    """
    news: dict[str, Rating] = {}
    for job, rating in ratings.items():
        before = _own(session.lock, job, rating)
        if not _is_said(before, rating):
            news[job] = sayable(replace(rating, replaces=names_until(before)), check_rating)
    for job, rating in news.items():
        session.store.ledger.rate(job, rating)


def _own(lock: Lock, job: str, rating: Rating) -> frozenset[Rating]:
    """Return the ratings of the same take by the same person, those that withdraw others, too."""
    mine = (item for item in lock.ratings.get(job, ()) if (item.sha256, item.by) == (rating.sha256, rating.by))
    return last_words(mine)


def _names(ratings: frozenset[Rating]) -> frozenset[str]:
    return frozenset(item.name for item in ratings if not item.is_withdrawal)


def _is_said(before: frozenset[Rating], rating: Rating) -> bool:
    """Say whether a rating changes nothing."""
    said = {(item.stars, item.note) for item in before} or {(None, "")}
    return said == {(rating.stars, rating.note)}
