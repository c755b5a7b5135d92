"""How a job ended, as sentences: what happened, whether it was charged, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from runner.frozen import dataclass
from runner.records import endings as e
from runner.records.provider import ErrorGroup
from runner.report.numbers import duration, usd
from runner.report.reasons import why

if TYPE_CHECKING:
    from collections.abc import Callable

_RESUMES = "run again; the paid job will resume"
_PAY_AGAIN = "to pay for a new one, name the job and add --force"
_ONCE_MORE = "run again to ask for it once more, free"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A sentence about an ending, empty when there is nothing to say, and the remedy."""

    message: str
    help: str | None = None


def told(ending: e.Ending, resolve: Callable[[str], str], *, rehearsal: bool = False) -> Told:
    """Return the sentences of an ending; `resolve` makes the command line that settles the payment of a job."""
    match ending:
        case e.Reused() | e.Restored() | e.Mastered() | e.Made() | e.Collected():
            return Told(message=_done(ending))
        case e.NeedMissing():
            return Told(message=f"needs {ending.need}, which was not made")
        case (
            e.Stopped()
            | e.FailedFast()
            | e.ReceiptUnwritten()
            | e.OverBudget()
            | e.TooManyUnknown()
            | e.TooMuchBadContent()
            | e.ProviderClosed()
        ):
            skipped = _skipped(ending)
            return Told(message=f"not submitted: {skipped.message}", help=skipped.help)
        case e.Unreachable() | e.Rejected() | e.LockedOut() | e.NothingPaid():
            return _refused(ending)
        case e.MayBeCharged() | e.Held() | e.FreeUnanswered():
            return _unknown(ending, resolve, rehearsal=rehearsal)
        case (
            e.Interrupted() | e.ReceiptNotFound() | e.AnotherRequest() | e.Stalled() | e.LinkDead() | e.DownloadFailed()
        ):
            return _unfinished(ending, resolve)
        case e.ProviderFailed() | e.AnswersOnce() | e.Lost() | e.BadContent():
            return _over(ending, resolve)
        case e.Blocked() | e.NotInStore() | e.NotMastered() | e.Broken() | e.Unexpected():
            return _in_the_way(ending)
    assert_never(ending)


def _done(ending: e.Done) -> str:
    match ending:
        case e.Reused() | e.Made():
            return ""
        case e.Mastered():
            return why(ending.reason)
        case e.Restored():
            return "" if ending.reason is None else why(ending.reason)
        case e.Collected():
            return "its takes are in the store"
    assert_never(ending)


def _skipped(
    ending: e.Stopped
    | e.FailedFast
    | e.ReceiptUnwritten
    | e.OverBudget
    | e.TooManyUnknown
    | e.TooMuchBadContent
    | e.ProviderClosed,
) -> Told:
    match ending:
        case e.Stopped():
            return Told(message="the run was interrupted")
        case e.FailedFast():
            return Told(message="another job failed (--fail-fast)")
        case e.ReceiptUnwritten():
            return Told(message=f"a receipt could not be written ({ending.why})")
        case e.OverBudget(worst=None):
            return Told(message="its price is unknown and a budget is set", help="raise the budget or --max-cost")
        case e.OverBudget():
            message = f"it may cost {usd(ending.worst)}, and {usd(ending.left)} of {usd(ending.limit)} is left"
            return Told(message=message, help="raise the budget or --max-cost")
        case e.TooManyUnknown():
            message = f"the payment status of {ending.count} requests to {ending.provider} is unknown"
            return Told(message=message, help="settle them first: scorefile resolve lists them")
        case e.TooMuchBadContent():
            message = f"{ending.count} pieces from {ending.provider} cannot be played"
            return Told(message=message, help="look at what was kept of them, then run again")
        case e.ProviderClosed():
            return _refused(ending.cause)
    assert_never(ending)


def _refused(ending: e.Refused) -> Told:
    match ending:
        case e.Unreachable():
            message = f"{ending.provider} cannot be reached: {ending.why}"
            return Told(message=message, help="nothing was sent or charged; run again when it is reachable")
        case e.Rejected():
            return _rejected(ending)
        case e.LockedOut(suspended=True):
            help_ = f"{ending.advice or f'settle it at {ending.provider}'}, then run again; the paid job will resume"
            return Told(message=f"the account is suspended: {ending.said}", help=help_)
        case e.LockedOut():
            help_ = "fix the API key and run again; the paid job will resume"
            return Told(message=f"the API key is no longer accepted: {ending.said}", help=help_)
        case e.NothingPaid():
            message = "the earlier request was not executed and not charged"
            return Told(message=message, help="run again: the plan then shows what a new request costs")
    assert_never(ending)


def _rejected(ending: e.Rejected) -> Told:
    match ending.group:
        case ErrorGroup.AUTH:
            help_ = ending.advice or f"check {ending.key or 'the key'}"
            return Told(message=f"the API key is not accepted: {ending.said}", help=help_)
        case ErrorGroup.ACCOUNT:
            help_ = f"{ending.advice or f'settle it at {ending.provider}'}, then run again"
            return Told(message=f"the account is suspended: {ending.said}", help=help_)
        case ErrorGroup.BALANCE:
            return Told(message=ending.said, help=ending.advice or f"top up at {ending.provider}, then run again")
        case ErrorGroup.RATE | ErrorGroup.BUSY:
            message = f"{ending.provider} is still busy after all retries: {ending.said}"
            return Told(message=message, help=ending.advice or "nothing was charged; run again later")
        case ErrorGroup.INVALID | ErrorGroup.MISSING | ErrorGroup.TRANSIENT | None:
            help_ = ending.advice or "nothing was charged; change the job, then run again"
            return Told(message=ending.said, help=help_)
    assert_never(ending.group)


def _unknown(ending: e.Unknown, resolve: Callable[[str], str], *, rehearsal: bool) -> Told:
    match ending:
        case e.MayBeCharged() if rehearsal:
            help_ = f"a rehearsal charges nothing; to settle it as in a real run: {resolve(ending.job)}"
            return Told(message=f"has no known outcome: {ending.why}", help=help_)
        case e.MayBeCharged():
            provider = ending.provider
            look = f"check the jobs that {provider} lists" if ending.lists else f"check your account with {provider}"
            help_ = f"nothing is retried automatically; {look}, then: {resolve(ending.job)}"
            return Told(message=f"may have been charged: {ending.why}", help=help_)
        case e.Held():
            help_ = f"{resolve(ending.reason.job)} shows what is known of it, and settles it"
            return Told(message=why(ending.reason), help=help_)
        case e.FreeUnanswered():
            return Told(message=ending.why, help="the model is free: run again")
    assert_never(ending)


def _unfinished(ending: e.Unfinished, resolve: Callable[[str], str]) -> Told:
    match ending:
        case e.Interrupted():
            return Told(message="interrupted", help="run again; it will resume and is not paid twice")
        case e.ReceiptNotFound():
            message = f"submitted on another machine, and {ending.provider} did not return the job id: {ending.why}"
            help_ = f"the receipt stays in the lock; run again, or give the id: {resolve(ending.job)} --id ID"
            return Told(message=message, help=help_)
        case e.AnotherRequest():
            return Told(message=ending.why, help=f"give the right id: {resolve(ending.job)} --id ID")
        case e.Stalled():
            last = f"; last answer: {ending.said}" if ending.said else ""
            message = f"{_job(ending.id)} has not finished {duration(ending.age_s)} after it was submitted{last}"
            return Told(message=message, help="run again to keep waiting, free")
        case e.LinkDead():
            message = f"the link to the audio of {_job(ending.id)} does not work: {ending.why}"
            return Told(message=message, help=f"run again to ask for a new link, free; {_PAY_AGAIN}")
        case e.DownloadFailed():
            return Told(message=ending.why, help=_RESUMES)
    assert_never(ending)


def _over(ending: e.Over, resolve: Callable[[str], str]) -> Told:
    give_up = None
    if ending.given_up_as is not None:
        give_up = f"{_ONCE_MORE}; to give it up: {resolve(ending.given_up_as)} --not-charged"
    match ending:
        case e.ProviderFailed():
            said = ending.said if ending.said.startswith(ending.provider) else f"{ending.provider}: {ending.said}"
            help_ = "`retries: N` tries again automatically" if give_up is None else None
            return Told(message=f"{said} ({_charged(charged=ending.charged)})", help=help_)
        case e.AnswersOnce():
            message = f"{ending.provider} answers once and cannot be asked for its audio again"
            return Told(message=message, help=give_up or _PAY_AGAIN)
        case e.Lost():
            message = f"{ending.provider} no longer knows {_job(ending.id)}"
            return Told(message=message, help=give_up or f"{_ONCE_MORE}; {_PAY_AGAIN}")
        case e.BadContent():
            return Told(message=ending.why, help=give_up or f"{_ONCE_MORE}; {_PAY_AGAIN}")
    assert_never(ending)


def _in_the_way(ending: e.InTheWay) -> Told:
    match ending:
        case e.Blocked():
            return Told(message=why(ending.reason))
        case e.NotInStore():
            message = f"{ending.path} is missing, and its take is not in the store"
            return Told(message=message, help="run without --frozen")
        case e.NotMastered():
            message = f"made, but not mastered: {ending.why}" if ending.made else f"not mastered: {ending.why}"
            remedy = f"{ending.advice}; " if ending.advice else ""
            return Told(message=message, help=f"{remedy}the take is kept, and the next run only masters it")
        case e.Broken(disk_full=True):
            return Told(message=ending.why, help="free some disk space, then run again; nothing is paid twice")
        case e.Broken():
            return Told(message=ending.why, help=ending.advice or "fix it, then run again; nothing is paid twice")
        case e.Unexpected():
            message = f"unexpected {ending.kind}: {ending.why}"
            return Told(message=message, help="this is a bug in Scorefile; run again to resume, free")
    assert_never(ending)


def _job(id: str | None) -> str:
    return id or "the job"


def _charged(*, charged: bool | None) -> str:
    if charged is None:
        return "may have been charged"
    return "was charged" if charged else "was not charged"
