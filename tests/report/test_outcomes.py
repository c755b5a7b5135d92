"""Every sentence about how a job ends: what happened, whether it was charged, what to do. Each text is asserted whole."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, get_args

import pytest

from runner.records import endings as e
from runner.records import reasons as r
from runner.records.provider import ErrorGroup
from runner.report.outcomes import told

if TYPE_CHECKING:
    from runner.records.endings import Ending


def rejected(group: ErrorGroup | None, *, advice: str | None = None, key: str | None = "KEY") -> e.Rejected:
    return e.Rejected(provider="Pixazo", group=group, said="no", advice=advice, key=key)


TOLD: list[tuple[Ending, str, str | None]] = [
    (e.Reused(), "", None),
    (e.Restored(), "", None),
    (e.Restored(reason=r.OutputMissing(path="a.wav")), "a.wav is missing", None),
    (e.Made(takes=2, wanted=2), "", None),
    (e.Collected(), "its takes are in the store", None),
    (e.NeedMissing(need="theme"), "needs theme, which was not made", None),
    (e.Stopped(), "not submitted: the run was interrupted", None),
    (e.FailedFast(), "not submitted: another job failed (--fail-fast)", None),
    (e.ReceiptUnwritten(why="disk full"), "not submitted: a receipt could not be written (disk full)", None),
    (
        e.OverBudget(worst=None, left=Decimal(1), limit=Decimal(2)),
        "not submitted: its price is unknown and a budget is set",
        "raise the budget or --max-cost",
    ),
    (
        e.OverBudget(worst=Decimal(3), left=Decimal(1), limit=Decimal(2)),
        "not submitted: it may cost $3.00, and $1.00 of $2.00 is left",
        "raise the budget or --max-cost",
    ),
    (
        e.TooManyUnknown(provider="Pixazo", count=3),
        "not submitted: the payment status of 3 requests to Pixazo is unknown",
        "settle them first: scorefile resolve lists them",
    ),
    (
        e.ProviderClosed(cause=rejected(ErrorGroup.BALANCE)),
        "not submitted: no",
        "top up at Pixazo, then run again",
    ),
    (
        e.Unreachable(provider="Pixazo", why="no connection"),
        "Pixazo cannot be reached: no connection",
        "nothing was sent or charged; run again when it is reachable",
    ),
    (rejected(ErrorGroup.AUTH), "the API key is not accepted: no", "check KEY"),
    (rejected(ErrorGroup.AUTH, key=None), "the API key is not accepted: no", "check the key"),
    (rejected(ErrorGroup.ACCOUNT), "the account is suspended: no", "settle it at Pixazo, then run again"),
    (rejected(ErrorGroup.BALANCE), "no", "top up at Pixazo, then run again"),
    (
        rejected(ErrorGroup.RATE),
        "Pixazo is still busy after all retries: no",
        "nothing was charged; run again later",
    ),
    (
        rejected(ErrorGroup.BUSY),
        "Pixazo is still busy after all retries: no",
        "nothing was charged; run again later",
    ),
    (rejected(ErrorGroup.INVALID), "no", "nothing was charged; change the job, then run again"),
    (rejected(None), "no", "nothing was charged; change the job, then run again"),
    (rejected(ErrorGroup.INVALID, advice="shorten it"), "no", "shorten it"),
    (
        e.LockedOut(provider="Pixazo", suspended=True, said="no", advice=None),
        "the account is suspended: no",
        "settle it at Pixazo, then run again; the paid job will resume",
    ),
    (
        e.LockedOut(provider="Pixazo", suspended=False, said="no", advice=None),
        "the API key is no longer accepted: no",
        "fix the API key and run again; the paid job will resume",
    ),
    (
        e.NothingPaid(),
        "the earlier request was not executed and not charged",
        "run again: the plan then shows what a new request costs",
    ),
    (
        e.MayBeCharged(job="a", provider="Pixazo", why="cut off", lists=True),
        "may have been charged: cut off",
        "nothing is retried automatically; check the jobs that Pixazo lists, then: resolve a",
    ),
    (
        e.MayBeCharged(job="a", provider="Pixazo", why="cut off", lists=False),
        "may have been charged: cut off",
        "nothing is retried automatically; check your account with Pixazo, then: resolve a",
    ),
    (
        e.Held(reason=r.PaymentUnknown(job="a")),
        "payment status unknown: the last request may have been charged",
        "resolve a shows what is known of it, and settles it",
    ),
    (e.FreeUnanswered(why="cut off"), "cut off", "the model is free: run again"),
    (e.Interrupted(), "interrupted", "run again; it will resume and is not paid twice"),
    (
        e.ReceiptNotFound(job="a", provider="Pixazo", why="no list"),
        "submitted on another machine, and Pixazo did not return the job id: no list",
        "the receipt stays in the lock; run again, or give the id: resolve a --id ID",
    ),
    (
        e.Stalled(id="j1", age_s=90.4, said="QUEUED"),
        "j1 has not finished 90 s after it was submitted; last answer: QUEUED",
        "run again to keep waiting, free",
    ),
    (
        e.LinkDead(id=None, why="404"),
        "the link to the audio of the job does not work: 404",
        "run again to ask for a new link, free; to pay for a new one, name the job and add --force",
    ),
    (e.DownloadFailed(why="cut off"), "cut off", "run again; the paid job will resume"),
    (
        e.ProviderFailed(provider="Pixazo", said="no GPU", charged=None, given_up_as=None),
        "Pixazo: no GPU (may have been charged)",
        "`retries: N` tries again automatically",
    ),
    (
        e.ProviderFailed(provider="Pixazo", said="Pixazo failed", charged=False, given_up_as="a"),
        "Pixazo failed (was not charged)",
        None,
    ),
    (
        e.ProviderFailed(provider="Pixazo", said="no GPU", charged=True, given_up_as="a"),
        "Pixazo: no GPU (was charged)",
        None,
    ),
    (
        e.AnswersOnce(provider="Pixazo", given_up_as=None),
        "Pixazo answers once and cannot be asked for its audio again",
        "to pay for a new one, name the job and add --force",
    ),
    (
        e.Lost(provider="Pixazo", id="j1", given_up_as=None),
        "Pixazo no longer knows j1",
        "run again to ask for it once more, free; to pay for a new one, name the job and add --force",
    ),
    (
        e.Lost(provider="Pixazo", id="j1", given_up_as="a~1"),
        "Pixazo no longer knows j1",
        "run again to ask for it once more, free; to give it up: resolve a~1 --not-charged",
    ),
    (
        e.BadContent(why="no audio", given_up_as=None),
        "no audio",
        "run again to ask for it once more, free; to pay for a new one, name the job and add --force",
    ),
    (e.Blocked(reason=r.NotMade()), "not made yet", None),
    (
        e.NotInStore(path="a.wav"),
        "a.wav is missing, and its take is not in the store",
        "run without --frozen",
    ),
    (
        e.Broken(why="full", advice=None, disk_full=True),
        "full",
        "free some disk space, then run again; nothing is paid twice",
    ),
    (e.Broken(why="odd", advice=None), "odd", "fix it, then run again; nothing is paid twice"),
    (e.Broken(why="odd", advice="move it"), "odd", "move it"),
    (
        e.Unexpected(kind="KeyError", why="x"),
        "unexpected KeyError: x",
        "this is a bug in Scorefile; run again to resume, free",
    ),
]


@pytest.mark.parametrize(("ending", "message", "help_"), TOLD, ids=lambda value: type(value).__name__)
def test_an_ending_has_these_sentences(ending: Ending, message: str, help_: str | None) -> None:
    said = told(ending, lambda job: f"resolve {job}")
    assert (said.message, said.help) == (message, help_)


def test_the_table_has_every_ending() -> None:
    assert {type(ending) for ending, _, _ in TOLD} == set(get_args(e.Ending))
