"""The endings of jobs, as data. The sentences are made in report/outcomes.py."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from runner.records import endings as e
from runner.records.provider import ErrorGroup
from runner.records.reasons import PaymentUnknown
from runner.records.submission import Phase

if TYPE_CHECKING:
    from runner.errors import ScorefileError
    from runner.records.exchange import Reading
    from runner.records.plan import Action
    from runner.records.provider import Provider
    from runner.records.submission import Submission


def blocked(action: Action) -> e.Blocked | e.Held:
    """Return the ending of an action that the plan blocks."""
    reason = action.reason
    return e.Held(reason=reason) if isinstance(reason, PaymentUnknown) else e.Blocked(reason=reason)


def rejected(provider: Provider, reading: Reading) -> e.Rejected:
    """Return the ending of a request that the provider proved not to have executed."""
    return e.Rejected(
        provider=provider.title,
        group=reading.group,
        said=reading.message,
        advice=reading.help,
        key=provider.auth.env if provider.auth else None,
    )


def locked_out(provider: Provider, reading: Reading) -> e.LockedOut:
    """Return the ending of a paid job whose provider no longer accepts the key or the account."""
    suspended = reading.group is ErrorGroup.ACCOUNT
    return e.LockedOut(provider=provider.title, suspended=suspended, said=reading.message, advice=reading.help)


def may_be_charged(provider: Provider, submission: Submission, *, free: bool) -> e.MayBeCharged | e.FreeUnanswered:
    """Return the ending of a request without a proven outcome."""
    why = submission.message or "the request was sent and no answer was received"
    if free:
        return e.FreeUnanswered(why=why)
    return e.MayBeCharged(job=submission.job, provider=provider.title, why=why, lists=provider.listing is not None)


def stalled(provider: Provider, submission: Submission, age_s: float) -> e.Stalled:
    """Return the ending of a paid job that is not finished at its deadline."""
    return e.Stalled(id=_id_of(provider, submission), age_s=age_s, said=submission.message)


def dead_link(provider: Provider, submission: Submission) -> e.LinkDead:
    """Return the ending of a paid job whose link does not work, although new ones were requested."""
    return e.LinkDead(id=_id_of(provider, submission), why=submission.message)


def over(
    provider: Provider, submission: Submission, *, given_up_as: str | None
) -> e.ProviderFailed | e.AnswersOnce | e.Lost | e.BadContent:
    """Return the ending of a submission that has ended: failed, lost at the provider, or without usable audio."""
    title, said = provider.title, submission.message
    match submission.phase:
        case Phase.FAILED:
            return e.ProviderFailed(provider=title, said=said, charged=submission.charged, given_up_as=given_up_as)
        case Phase.LOST if provider.poll is None:
            return e.AnswersOnce(provider=title, given_up_as=given_up_as)
        case Phase.LOST:
            return e.Lost(provider=title, id=_id_of(provider, submission), given_up_as=given_up_as)
        case _:
            return e.BadContent(why=said, given_up_as=given_up_as)


def broken(error: Exception) -> e.Broken:
    """Return the ending of a job that an error on this machine stopped."""
    why = f"{error.strerror or error} ({error.filename or 'disk'})" if isinstance(error, OSError) else str(error)
    disk_full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    return e.Broken(why=why, advice=getattr(error, "help", None), disk_full=disk_full)


def not_mastered(error: ScorefileError, *, made: bool) -> e.NotMastered:
    """Return the ending of a job whose take is here and could not be finished."""
    return e.NotMastered(made=made, why=error.message, advice=error.help)


def unexpected(error: Exception) -> e.Unexpected:
    """Return the ending of a job after an unexpected error."""
    return e.Unexpected(kind=type(error).__name__, why=str(error))


def _id_of(provider: Provider, submission: Submission) -> str | None:
    """Return the provider's id of a job, unless that contains personal data."""
    return None if provider.id_is_private else str(submission.request_id)
