"""What to do with submissions that a run left unfinished: finish what is paid for, and hold what may be paid for."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, assert_never

from runner.frozen import replace
from runner.plan.actions import NOTHING, act, generate
from runner.plan.on_fail import rolls_at_most
from runner.records import reasons as r
from runner.records.lock import State
from runner.records.plan import Verb
from runner.records.request import Request
from runner.records.source import Mark
from runner.records.submission import ENDED_BADLY, PAYMENT_UNKNOWN, NextRun

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from runner.plan.facts import Facts, Selected
    from runner.records.lock import Entry
    from runner.records.plan import Action
    from runner.records.reasons import Reason
    from runner.records.submission import Submission


def resume(request: Request, submission: Submission, entry: Entry | None) -> Action:
    """Resume a submission that a run left unfinished."""
    same = replace(request, params=submission.params)
    match submission.phase.next_run:
        case NextRun.RESUME:
            begun = r.NotFinished(submitted_at=submission.submitted_at)
            return replace(_resumed(same, begun), submission=submission)
        case NextRun.FETCH_AGAIN:
            ended = r.EndedBadly(submitted_at=submission.submitted_at)
            return replace(_resumed(same, ended), submission=submission)
        case NextRun.HOLD:
            return hold(same, submission, entry)
        case NextRun.START | NextRun.NOTHING:
            raise AssertionError(f"{submission.phase} leaves nothing to resume")
    assert_never(submission.phase.next_run)


def _resumed(same: Request, reason: Reason) -> Action:
    """Resume what is paid for; what `on_fail` may ask for after it is not."""
    left = rolls_at_most(same)
    price = generate(replace(same, rerolls=left - 1), Verb.RESUME, reason).cost if left else NOTHING
    return replace(act(same, Verb.RESUME, reason), cost=replace(price, low=Decimal(0)))


def hold(same: Request, submission: Submission, entry: Entry | None) -> Action:
    """Hold a submission that may have been charged, unless sending it again is free or `on_unknown: resubmit`."""
    if same.is_free:
        again = generate(same, Verb.GENERATE, r.FreeInterrupted(), entry=entry)
    elif same.on_unknown == "resubmit":
        again = generate(same, Verb.GENERATE, r.Resubmitted(), entry=entry)
    else:
        again = act(same, Verb.BLOCKED, r.PaymentUnknown(job=same.job), entry)
    return replace(again, submission=submission)


def collect(left_over: Iterable[Entry], facts: Facts, selected: Selected) -> Iterator[Action]:
    """Yield an action for each submission that no job needs any more: finish it, or hold it."""
    for entry in left_over:
        if entry.state is State.DONE or entry.model not in facts.models:
            continue
        item = facts.submissions[entry.attempt]
        if item.phase not in PAYMENT_UNKNOWN:
            yield _finish(item, facts)
        elif selected.jobs is None or item.job in selected.jobs:
            action = _finish(item, facts)
            yield replace(action, verb=Verb.BLOCKED, reason=r.PaymentUnknown(job=action.request.job))


def _finish(submission: Submission, facts: Facts) -> Action:
    """Finish a paid submission that no job needs any more, or a roll: its takes go to the store."""
    request = Request(
        job=f"{submission.job}~{submission.short_attempt}",
        group=submission.job,
        model=facts.models[submission.model],
        params=submission.params,
        seed_mode="fixed",
        output=None,
        take=1,
        takes=1,
        mark=Mark(file="", line=1, column=1),
    )
    reason: Reason = r.NotWanted(job=submission.job)
    if submission.roll:
        at = submission.submitted_at
        reason = r.EndedBadly(submitted_at=at) if submission.phase in ENDED_BADLY else r.NotFinished(submitted_at=at)
    return replace(act(request, Verb.RESUME, reason), submission=submission)
