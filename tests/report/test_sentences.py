"""Every reason and every ending as the sentence that people read, word for word; none is left out."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, get_args

import pytest

from runner.records import endings as e
from runner.records import reasons as r
from runner.records.provider import ErrorGroup
from runner.report.commands import resolve_command
from runner.report.outcomes import Told, told
from runner.report.reasons import why

if TYPE_CHECKING:
    from runner.records.endings import Ending
    from runner.records.reasons import Reason

PATH = "audio/a.wav"
NOON = "2026-11-21T12:00:00Z"
CHANGES = (r.Change(field="bpm", old=90, new=96), r.Change(field="prompt", old="x", new="y"))

REASONS: tuple[tuple[Reason, str], ...] = (
    (r.UpToDate(), "up to date"),
    (r.NotMade(), "not made yet"),
    (r.Changed(changes=CHANGES), "bpm, prompt changed"),
    (r.Forced(), "forced by --force"),
    (
        r.Forced(is_same=True, seed=7),
        (
            "forced by --force: the identical request with seed 7 is sent again; expect the same piece; "
            "--reroll asks for another take"
        ),
    ),
    (
        r.Forced(is_same=True),
        "forced by --force: the identical request is sent again; --reroll asks for another take",
    ),
    (r.Rerolled(roll=1, seed=8, is_drawn=False), "asked again by --reroll, with seed 8"),
    (r.Rerolled(roll=1, seed=None, is_drawn=True), "asked again by --reroll, with a seed that is drawn"),
    (
        r.Rerolled(roll=1, seed=None, is_drawn=False),
        "asked again by --reroll; the request has no seed, so it is the same one",
    ),
    (
        r.NotAsExpected(roll=1, seed=8, left=1),
        "not as expected: asked again by on_fail, with seed 8; at most 1 more",
    ),
    (r.NotAsExpected(roll=1, seed=None, left=0), "not as expected: asked again by on_fail; at most 0 more"),
    (r.Renamed(job="b"), "renamed from b"),
    (r.Moved(path=PATH), "moved from audio/a.wav"),
    (r.TakeChosen(take=3, placed=1), "take 3 is chosen; take 1 is in place"),
    (r.TakeInPlace(take=3), "take 3 is in place; the lock does not say so yet"),
    (r.OtherVersion(path=PATH), "audio/a.wav is of another version of this job"),
    (r.OutputMissing(path=PATH), "audio/a.wav is missing"),
    (r.MadeBefore(in_store=True), "made before; its audio is in the store"),
    (
        r.MadeBefore(in_store=False),
        "made before; not on this machine, will be downloaded from the provider again, free",
    ),
    (
        r.AudioMissing(path=PATH),
        "audio/a.wav is not on this machine; will be downloaded from the provider again, free",
    ),
    (r.InputsComing(jobs=("a", "b", "c", "d")), "after a, b, c and 1 more"),
    (r.FreeAudioMissing(path=PATH), "audio/a.wav is not on this machine; the model is free"),
    (
        r.AudioLost(path=PATH),
        (
            "audio/a.wav is missing and its provider cannot be asked for it again; "
            "name the job with --force to pay for a new one"
        ),
    ),
    (r.NotFinished(submitted_at=NOON), "submitted 2026-11-21T12:00:00Z; not finished"),
    (r.NotFinished(submitted_at=None), "not finished"),
    (
        r.EndedBadly(submitted_at=NOON),
        "submitted 2026-11-21T12:00:00Z; ended without its audio; will ask the provider again, free",
    ),
    (r.NotWanted(job="b"), "paid for b before it was changed; its takes go to the store"),
    (r.FreeInterrupted(), "the last request has no known outcome; the model is free"),
    (r.Resubmitted(), "the last request may have been charged; on_unknown: resubmit sends it again"),
    (r.PaymentUnknown(job="a"), "payment status unknown: the last request may have been charged"),
    (r.NotMastered(), "its take is here; will be finished as the file says"),
    (r.MasterChanged(), "master or tags changed; the same take will be finished again"),
    (r.MasterMissing(path=PATH), "audio/a.wav is missing; will be finished again from its take"),
    (
        r.EditedOutput(path=PATH),
        (
            "audio/a.wav was edited since it was made, so it is left alone; "
            "scorefile adopt keeps it, or move or delete it to get the original back"
        ),
    ),
    (
        r.ForeignOutput(path=PATH),
        (
            "audio/a.wav was not made by this pipeline, so it is left alone; "
            "scorefile adopt keeps it, or move or delete it"
        ),
    ),
    (
        r.LfsPointer(path=PATH),
        "audio/a.wav is a Git LFS pointer, and its audio is not on this machine; run: git lfs pull",
    ),
    (r.Offline(wanted=r.NotMade()), "needs its provider, and the run is offline"),
)


def rejected(group: ErrorGroup | None, *, advice: str | None = None, key: str | None = "KEY") -> e.Rejected:
    return e.Rejected(provider="Pixazo", group=group, said="Pixazo answered 400", advice=advice, key=key)


def locked_out(*, suspended: bool, advice: str | None = None) -> e.LockedOut:
    return e.LockedOut(provider="Pixazo", suspended=suspended, said="Pixazo answered 403", advice=advice)


AGAIN = "run again to ask for it once more, free"
NEW = "to pay for a new one, name the job and add --force"
GIVE_UP = f"{AGAIN}; to give it up: scorefile resolve old --not-charged"
RESUMES = "run again; the paid job will resume"
LESS = "raise the budget or --max-cost"

ENDINGS: tuple[tuple[Ending, str, str | None], ...] = (
    (e.Reused(), "", None),
    (e.Restored(), "", None),
    (e.Restored(reason=r.OutputMissing(path=PATH)), "audio/a.wav is missing", None),
    (e.Mastered(reason=r.MasterChanged()), "master or tags changed; the same take will be finished again", None),
    (e.Made(), "", None),
    (e.Collected(), "its takes are in the store", None),
    (e.NeedMissing(need="b"), "needs b, which was not made", None),
    (e.Stopped(), "not submitted: the run was interrupted", None),
    (e.FailedFast(), "not submitted: another job failed (--fail-fast)", None),
    (e.ReceiptUnwritten(why="disk full"), "not submitted: a receipt could not be written (disk full)", None),
    (
        e.OverBudget(worst=None, left=Decimal(1), limit=Decimal(5)),
        "not submitted: its price is unknown and a budget is set",
        LESS,
    ),
    (
        e.OverBudget(worst=Decimal("0.3"), left=Decimal("0.1"), limit=Decimal(5)),
        "not submitted: it may cost $0.30, and $0.10 of $5.00 is left",
        LESS,
    ),
    (
        e.TooMuchBadContent(provider="Pixazo", count=3),
        "not submitted: 3 pieces from Pixazo cannot be played",
        "look at what was kept of them, then run again",
    ),
    (
        e.TooManyUnknown(provider="Pixazo", count=3),
        "not submitted: the payment status of 3 requests to Pixazo is unknown",
        "settle them first: scorefile resolve lists them",
    ),
    (
        e.ProviderClosed(cause=rejected(ErrorGroup.BALANCE)),
        "not submitted: Pixazo answered 400",
        "top up at Pixazo, then run again",
    ),
    (
        e.Unreachable(provider="Pixazo", why="no route"),
        "Pixazo cannot be reached: no route",
        "nothing was sent or charged; run again when it is reachable",
    ),
    (rejected(ErrorGroup.AUTH), "the API key is not accepted: Pixazo answered 400", "check KEY"),
    (rejected(ErrorGroup.AUTH, key=None), "the API key is not accepted: Pixazo answered 400", "check the key"),
    (rejected(ErrorGroup.AUTH, advice="renew it"), "the API key is not accepted: Pixazo answered 400", "renew it"),
    (
        rejected(ErrorGroup.ACCOUNT),
        "the account is suspended: Pixazo answered 400",
        "settle it at Pixazo, then run again",
    ),
    (rejected(ErrorGroup.BALANCE, advice="pay"), "Pixazo answered 400", "pay"),
    *(
        (
            rejected(group),
            "Pixazo is still busy after all retries: Pixazo answered 400",
            "nothing was charged; run again later",
        )
        for group in (ErrorGroup.RATE, ErrorGroup.BUSY)
    ),
    *(
        (rejected(group), "Pixazo answered 400", "nothing was charged; change the job, then run again")
        for group in (ErrorGroup.INVALID, ErrorGroup.MISSING, ErrorGroup.TRANSIENT, None)
    ),
    (
        locked_out(suspended=True),
        "the account is suspended: Pixazo answered 403",
        "settle it at Pixazo, then run again; the paid job will resume",
    ),
    (
        locked_out(suspended=True, advice="write to them"),
        "the account is suspended: Pixazo answered 403",
        "write to them, then run again; the paid job will resume",
    ),
    (
        locked_out(suspended=False),
        "the API key is no longer accepted: Pixazo answered 403",
        "fix the API key and run again; the paid job will resume",
    ),
    (
        e.NothingPaid(),
        "the earlier request was not executed and not charged",
        "run again: the plan then shows what a new request costs",
    ),
    (
        e.MayBeCharged(job="a", provider="Pixazo", why="no answer", lists=True),
        "may have been charged: no answer",
        "nothing is retried automatically; check the jobs that Pixazo lists, then: scorefile resolve a",
    ),
    (
        e.MayBeCharged(job="a", provider="Pixazo", why="no answer", lists=False),
        "may have been charged: no answer",
        "nothing is retried automatically; check your account with Pixazo, then: scorefile resolve a",
    ),
    (
        e.Held(reason=r.PaymentUnknown(job="a")),
        "payment status unknown: the last request may have been charged",
        "scorefile resolve a shows what is known of it, and settles it",
    ),
    (e.FreeUnanswered(why="no answer"), "no answer", "the model is free: run again"),
    (e.Interrupted(), "interrupted", "run again; it will resume and is not paid twice"),
    (
        e.ReceiptNotFound(job="a", provider="Pixazo", why="no list"),
        "submitted on another machine, and Pixazo did not return the job id: no list",
        "the receipt stays in the lock; run again, or give the id: scorefile resolve a --id ID",
    ),
    (
        e.AnotherRequest(job="a", why="j1 is the job of another request: Pixazo says that its model is x, not y"),
        "j1 is the job of another request: Pixazo says that its model is x, not y",
        "give the right id: scorefile resolve a --id ID",
    ),
    (
        e.Stalled(id="j1", age_s=600.4, said="queued"),
        "j1 has not finished 10 min after it was submitted; last answer: queued",
        "run again to keep waiting, free",
    ),
    (
        e.Stalled(id=None, age_s=60, said=""),
        "the job has not finished 60 s after it was submitted",
        "run again to keep waiting, free",
    ),
    (
        e.LinkDead(id="j1", why="404"),
        "the link to the audio of j1 does not work: 404",
        f"run again to ask for a new link, free; {NEW}",
    ),
    (e.DownloadFailed(why="broken off"), "broken off", RESUMES),
    (
        e.ProviderFailed(provider="Pixazo", said="no luck", charged=True, given_up_as=None),
        "Pixazo: no luck (was charged)",
        "`retries: N` tries again automatically",
    ),
    (
        e.ProviderFailed(provider="Pixazo", said="Pixazo answered 402", charged=False, given_up_as=None),
        "Pixazo answered 402 (was not charged)",
        "`retries: N` tries again automatically",
    ),
    (
        e.ProviderFailed(provider="Pixazo", said="no luck", charged=None, given_up_as="old"),
        "Pixazo: no luck (may have been charged)",
        None,
    ),
    (
        e.AnswersOnce(provider="Verbatik", given_up_as=None),
        "Verbatik answers once and cannot be asked for its audio again",
        NEW,
    ),
    (
        e.AnswersOnce(provider="Verbatik", given_up_as="old"),
        "Verbatik answers once and cannot be asked for its audio again",
        GIVE_UP,
    ),
    (e.Lost(provider="Pixazo", id="j1", given_up_as=None), "Pixazo no longer knows j1", f"{AGAIN}; {NEW}"),
    (e.Lost(provider="Pixazo", id=None, given_up_as="old"), "Pixazo no longer knows the job", GIVE_UP),
    (
        e.BadContent(why="expected audio/wav, received text/html", given_up_as=None),
        "expected audio/wav, received text/html",
        f"{AGAIN}; {NEW}",
    ),
    (e.BadContent(why="not audio", given_up_as="old"), "not audio", GIVE_UP),
    (e.Blocked(reason=r.Offline(wanted=r.NotMade())), "needs its provider, and the run is offline", None),
    (
        e.NotInStore(path=PATH),
        "audio/a.wav is missing, and its take is not in the store",
        "run without --frozen",
    ),
    (
        e.NotMastered(made=True, why="the take is silent", advice="choose another take"),
        "made, but not mastered: the take is silent",
        "choose another take; the take is kept, and the next run only masters it",
    ),
    (
        e.NotMastered(made=False, why="the take is silent", advice=None),
        "not mastered: the take is silent",
        "the take is kept, and the next run only masters it",
    ),
    (
        e.Broken(why="disk full", advice=None, disk_full=True),
        "disk full",
        "free some disk space, then run again; nothing is paid twice",
    ),
    (e.Broken(why="no", advice=None), "no", "fix it, then run again; nothing is paid twice"),
    (e.Broken(why="no", advice="unlock it"), "no", "unlock it"),
    (
        e.Unexpected(kind="KeyError", why="'x'"),
        "unexpected KeyError: 'x'",
        "this is a bug in Scorefile; run again to resume, free",
    ),
)


@pytest.mark.parametrize(("reason", "text"), REASONS, ids=lambda item: type(item).__name__)
def test_a_reason_reads_as_this_sentence(reason: Reason, text: str) -> None:
    assert why(reason) == text


@pytest.mark.parametrize(("ending", "message", "help_"), ENDINGS, ids=lambda item: type(item).__name__)
def test_an_ending_reads_as_this_sentence_and_remedy(ending: Ending, message: str, help_: str | None) -> None:
    said = told(ending, lambda job: resolve_command(None, job))
    assert said == Told(message=message, help=help_)


def test_every_reason_and_every_ending_is_in_its_table() -> None:
    assert {type(reason) for reason, _ in REASONS} == set(get_args(r.Reason))
    assert {type(ending) for ending, _, _ in ENDINGS} == set(get_args(e.Ending))


def test_a_rehearsal_speaks_of_no_account_and_no_charge() -> None:
    ending = e.MayBeCharged(job="a", provider="Pixazo", why="the connection broke", lists=False)
    said = told(ending, lambda job: resolve_command(None, job, rehearse=True), rehearsal=True)
    assert said == Told(
        message="has no known outcome: the connection broke",
        help="a rehearsal charges nothing; to settle it as in a real run: scorefile resolve a --rehearse",
    )
