"""How a job ends without its audio, in words: what happened, what it means for the money, what to do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from runner.records.outcome import Result
from runner.records.provider import ErrorGroup
from runner.records.submission import Phase

if TYPE_CHECKING:
    from runner.provider.rate_limit import Refusal
    from runner.records.exchange import Reading
    from runner.records.provider import Provider
    from runner.records.submission import Submission

_AT_NO_COST = "run again: the job is paid and goes on"
_PAY_ANEW = "name the job with --force to pay for a new one"
_ANEW = f"run again to ask for it once more, at no cost; {_PAY_ANEW}"
_PAID = {True: "it was charged", False: "it was not charged", None: "it may have been charged"}


def _named(provider: Provider, submission: Submission) -> str:
    """Name a paid job by the vendor's id, unless that holds personal data."""
    return "the job" if provider.id_is_private else str(submission.request_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """One way to end. `closes` says that the vendor will take nothing more in this run."""

    result: Result
    message: str
    help: str | None = None
    group: ErrorGroup | None = None
    closes: bool = False


def unreachable(provider: Provider, why: str) -> Ending:
    """No byte of any try left this machine."""
    message = f"{provider.title} cannot be reached: {why}"
    return Ending(
        result=Result.FAILED, message=message, help="nothing was sent or charged; run again when it is reachable"
    )


def refused(refusal: Refusal) -> Ending:
    """No leave to submit came."""
    return Ending(
        result=Result.SKIPPED, message=f"not submitted: {refusal.message}", help=refusal.help, group=refusal.group
    )


def not_asked_for() -> Ending:
    """What was taken up turned out not to be paid for, and this plan foresaw no new submit."""
    message = "the earlier submit came to nothing, and was not charged"
    return Ending(result=Result.FAILED, message=message, help="run again: the plan then shows what a new submit costs")


def rejected(provider: Provider, reading: Reading) -> Ending:
    """The vendor proved that it did not execute the submit."""
    title = provider.title
    match reading.group:
        case ErrorGroup.AUTH:
            variable = provider.auth.env if provider.auth else "the key"
            message = f"{title} does not accept the key: {reading.message}"
            return Ending(
                result=Result.FAILED,
                message=message,
                help=reading.help or f"check {variable}",
                group=ErrorGroup.AUTH,
                closes=True,
            )
        case ErrorGroup.ACCOUNT:
            message = f"{title} holds the account: {reading.message}"
            help_ = f"{_settle(provider, reading)}, then run again"
            return Ending(result=Result.FAILED, message=message, help=help_, group=ErrorGroup.ACCOUNT, closes=True)
        case ErrorGroup.BALANCE:
            message = f"{title}: {reading.message}"
            help_ = reading.help or f"top up at {title}, then run again"
            return Ending(result=Result.FAILED, message=message, help=help_, group=ErrorGroup.BALANCE, closes=True)
        case ErrorGroup.RATE | ErrorGroup.BUSY:
            message = f"{title} stays busy: {reading.message}"
            return Ending(
                result=Result.FAILED, message=message, help=reading.help or "nothing was charged; run again later"
            )
        case ErrorGroup.INVALID | ErrorGroup.MISSING | ErrorGroup.TRANSIENT | None:
            message = f"{title} refused: {reading.message}"
            help_ = reading.help or "nothing was charged; change the job, then run again"
            return Ending(result=Result.FAILED, message=message, help=help_, group=reading.group)


def _settle(provider: Provider, reading: Reading) -> str:
    """Say what clears an account, in the words of the vendor's file where it has some."""
    return reading.help or f"settle it at {provider.title}"


def doubtful(provider: Provider, why: str, *, resolving: str, free: bool) -> Ending:
    """A submit may have been charged and nothing proves it; `resolving` is the command that decides it."""
    if free:
        return Ending(result=Result.FAILED, message=why, help="the model is free: run again")
    looking = f"see what {provider.title} lists" if provider.listing else f"look at your account with {provider.title}"
    help_ = f"nothing is sent again by itself; {looking}, then: {resolving}"
    return Ending(result=Result.UNKNOWN, message=f"payment in an unknown state: {why}", help=help_)


def locked_out(provider: Provider, reading: Reading) -> Ending:
    """The key or the account is not accepted any more while a paid job is under way."""
    if reading.group is ErrorGroup.ACCOUNT:
        message = f"{provider.title} holds the account: {reading.message}"
        help_ = f"{_settle(provider, reading)}, then run again: the job is paid and goes on"
        return Ending(result=Result.FAILED, message=message, help=help_, group=ErrorGroup.ACCOUNT)
    message = f"{provider.title} does not accept the key any more: {reading.message}"
    help_ = "mend the key and run again: the job is paid and goes on"
    return Ending(result=Result.FAILED, message=message, help=help_, group=ErrorGroup.AUTH)


def unfound(provider: Provider, why: str, *, resolving: str) -> Ending:
    """The lock holds the digest of a receipt, and the vendor's list does not give the id behind it."""
    message = f"the receipt was begun on another machine, and {provider.title} does not say its id: {why}"
    help_ = f"it stays in the lock; run again there or here, or look the id up: {resolving} --id ID"
    return Ending(result=Result.FAILED, message=message, help=help_)


def stalled(provider: Provider, submission: Submission, age_s: float) -> Ending:
    """A paid job is not finished at its deadline."""
    last = f"; the last answer: {submission.message}" if submission.message else ""
    message = f"{_named(provider, submission)} is not finished {age_s:.0f} s after its submit{last}"
    return Ending(result=Result.FAILED, message=message, help="run again to go on waiting: it costs nothing")


def dead_link(provider: Provider, submission: Submission) -> Ending:
    """The link stays dead although it was asked for afresh."""
    message = f"the link to the audio of {_named(provider, submission)} is dead: {submission.message}"
    help_ = f"run again to try once more, at no cost; {_PAY_ANEW}"
    return Ending(result=Result.FAILED, message=message, help=help_)


def undownloaded(why: str) -> Ending:
    """The download did not succeed this time."""
    return Ending(result=Result.FAILED, message=why, help=_AT_NO_COST)


def left_behind(provider: Provider, submission: Submission, *, resolving: str) -> Ending:
    """What ended is asked for by nothing in the file any more: there is no job to make anew."""
    help_ = f"run again to ask for it once more, at no cost; to give it up: {resolving} --not-charged"
    return replace(over(provider, submission), help=None if submission.phase is Phase.FAILED else help_)


def over(provider: Provider, submission: Submission) -> Ending:
    """The submission itself has ended: failed, lost at the vendor, or with content that is no audio."""
    match submission.phase:
        case Phase.FAILED:
            message = f"{provider.title}: {submission.message} ({_PAID[submission.charged]})"
            return Ending(result=Result.FAILED, message=message, help="`retries: N` asks again by itself")
        case Phase.LOST if provider.poll is None:
            message = f"{provider.title} answers once and cannot be asked for its audio again"
            return Ending(result=Result.FAILED, message=message, help=_PAY_ANEW)
        case Phase.LOST:
            message = f"{provider.title} does not know {_named(provider, submission)} any more"
            return Ending(result=Result.FAILED, message=message, help=_ANEW)
        case _:
            return Ending(result=Result.FAILED, message=submission.message, help=_ANEW)


def interrupted(*, unpaid: bool) -> Ending:
    """The run was asked to stop."""
    if unpaid:
        return Ending(result=Result.SKIPPED, message="not submitted: interrupted")
    return Ending(result=Result.UNFINISHED, message="interrupted", help="run again: it goes on and is not paid twice")


def unexpected(error: Exception) -> Ending:
    """Something that nobody thought of; what was paid for is in the journal as far as it came."""
    message = f"unexpected {type(error).__name__}: {error}"
    return Ending(
        result=Result.FAILED, message=message, help="this is a fault of Scorefile; run again to go on at no cost"
    )


def broken(error: Exception) -> Ending:
    """Something on this machine is in the way."""
    message = f"{error.strerror or error} ({error.filename or 'disk'})" if isinstance(error, OSError) else str(error)
    help_ = getattr(error, "help", None) or "mend it, then run again: it goes on at no cost"
    return Ending(result=Result.FAILED, message=message, help=help_)
