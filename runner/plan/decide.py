"""What to do for each request, and why.

A lock entry is a receipt, so each rule first looks for something that was already paid for: this job's entry, an unfinished
submission, the entry of a job that was renamed, a finished submission in the journal. Only when all are absent is
anything generated.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, assert_never

from runner.catalog.media_types import media_types_of
from runner.catalog.prices import cost, guarded, total
from runner.plan.changes import changes
from runner.plan.claims import Claims, pinned
from runner.plan.pending import from_pending, without_healed
from runner.records import reasons as r
from runner.records.media_types import EXTENSIONS
from runner.records.plan import Action, Cost, Plan, Verb
from runner.records.request import Request
from runner.records.source import Mark
from runner.records.submission import ENDED_BADLY, PAYMENT_UNKNOWN, NextRun

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping

    from runner.records.catalog import Model
    from runner.records.lock import Entry, Lock
    from runner.records.reasons import Reason
    from runner.records.submission import Submission


MAX_RESUBMITS = 2
"""How often one run repeats a submission without a proven outcome, where that is free or `on_unknown: resubmit`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of the world before anything is done.

    `outputs` maps a path relative to the pipeline's folder to the SHA-256 of the file there; a path without a regular
    file maps to None. `blobs` are the hashes in the store, `finished` what the journal says was made,
    as (job, entry).
    """

    models: Mapping[str, Model]
    lock: Lock
    submissions: tuple[Submission, ...]
    finished: tuple[tuple[str, Entry], ...]
    outputs: Mapping[str, str | None]
    blobs: Container[str]
    pollable: Container[str]
    """Models whose provider can be polled for a job again."""
    pointers: Container[str] = frozenset()
    """The paths at which Git LFS has left a pointer in place of the audio."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """The jobs that the command line selects and forces."""

    jobs: frozenset[str] | None = None
    """Cell ids that were named; None means all."""
    forced: frozenset[str] = frozenset()
    """Cell ids that are made again, even if they are up to date; what they need is not among them."""


def decide(requests: tuple[Request, ...], facts: Facts, selected: Selected) -> Plan:
    """Return what to do for every selected request, in the order of the file, with the sums of what it may cost."""
    submissions = without_healed(facts.submissions, facts.lock, is_back=lambda entry: _is_here(entry, facts))
    claims = Claims(requests, models=facts.models, lock=facts.lock, submissions=submissions, finished=facts.finished)
    actions = []
    for request in requests:
        chosen = selected.jobs is None or request.job in selected.jobs
        action = _guarded(_decide_one(request, facts, claims, force=chosen and request.job in selected.forced), facts)
        if chosen:
            actions.append(action)
    return Plan(
        actions=tuple(actions),
        low=total(action.cost.low for action in actions),
        worst=total(action.cost.worst for action in actions),
        collect=tuple(_left_over(claims.unclaimed(), facts, selected)),
        orphans=claims.orphans(),
    )


def output_path(request: Request, entry: Entry) -> str:
    """Return where the chosen take of an entry belongs, relative to the pipeline's folder, with its real extension."""
    assert request.output is not None, "a collected submission has no output"
    return request.output + EXTENSIONS[entry.chosen(request.take).media_type]


def _decide_one(request: Request, facts: Facts, claims: Claims, *, force: bool) -> Action:
    entry = _finished(facts.lock.jobs.get(request.job))
    submission = claims.submission(request)
    forced = _generate(request, Verb.REGENERATE if entry else Verb.GENERATE, r.Forced(), entry=entry)
    if submission is not None:
        given_up = force and submission.phase in ENDED_BADLY
        return replace(forced, submission=submission) if given_up else _resume(request, submission, entry)
    if force:
        return forced
    claimed = claims.entry(request)
    if claimed is not None:
        return _bring_back(request, claimed[1], claimed[0], facts)
    wanted = request if entry is None else pinned(request, entry)
    made = claims.made_before(request)
    if made is not None and all(take.sha256 in facts.blobs for take in made.takes):
        return _act(pinned(request, made), Verb.RESTORE, r.MadeBefore(in_store=True), made, request.job)
    if made is not None and _can_be_polled(made, facts):
        again = _act(pinned(request, made), Verb.RESUME, r.MadeBefore(in_store=False))
        return replace(again, submission=from_pending(request.job, made))
    if entry is not None:
        return _generate(wanted, Verb.REGENERATE, r.Changed(changes=changes(wanted, entry)), entry=entry)
    return _generate(request, Verb.GENERATE, r.NotMade())


def _guarded(action: Action, facts: Facts) -> Action:
    """Block a submission while a file that this pipeline did not write is at its output: nothing is paid for it."""
    request = action.request
    if not action.verb.makes or request.output is None:
        return action
    own = facts.lock.jobs.get(request.job)
    for media_type in media_types_of(request.model, request.params):
        path = request.output + EXTENSIONS[media_type]
        if path in facts.outputs and not _is_ours(facts.outputs[path], facts, own):
            reason = r.LfsPointer(path=path) if path in facts.pointers else r.ForeignOutput(path=path)
            return _act(request, Verb.BLOCKED, reason, action.entry)
    return action


def _is_here(entry: Entry, facts: Facts) -> bool:
    """Say whether the chosen take of an entry is at its output or in the store."""
    take = entry.chosen(entry.take)
    return (take.path is not None and facts.outputs.get(take.path) == take.sha256) or take.sha256 in facts.blobs


def _is_ours(found: str | None, facts: Facts, *entries: Entry | None) -> bool:
    """Return whether a file has the bytes of a take that these entries or the store have."""
    if found is None:
        return False
    return found in facts.blobs or any(found == take.sha256 for entry in entries if entry for take in entry.takes)


def _finished(entry: Entry | None) -> Entry | None:
    """Return an entry that has takes: a pending receipt is a submission, and counts there."""
    return entry if entry is not None and entry.takes else None


def _resume(request: Request, submission: Submission, entry: Entry | None) -> Action:
    """Resume a submission that a run left unfinished."""
    same = replace(request, params=submission.params)
    match submission.phase.next_run:
        case NextRun.RESUME:
            begun = r.NotFinished(submitted_at=submission.submitted_at)
            return replace(_act(same, Verb.RESUME, begun), submission=submission)
        case NextRun.FETCH_AGAIN:
            ended = r.EndedBadly(submitted_at=submission.submitted_at)
            return replace(_act(same, Verb.RESUME, ended), submission=submission)
        case NextRun.HOLD:
            return _held(same, submission, entry)
        case NextRun.START | NextRun.NOTHING:
            raise AssertionError(f"{submission.phase} leaves nothing to resume")
    assert_never(submission.phase.next_run)


def _held(same: Request, submission: Submission, entry: Entry | None) -> Action:
    """Hold a submission that may have been charged, unless sending it again is free or `on_unknown: resubmit`."""
    if same.is_free:
        again = _generate(same, Verb.GENERATE, r.FreeInterrupted(), entry=entry)
    elif same.on_unknown == "resubmit":
        again = _generate(same, Verb.GENERATE, r.Resubmitted(), entry=entry)
    else:
        again = _act(same, Verb.BLOCKED, r.PaymentUnknown(job=submission.job), entry)
    return replace(again, submission=submission)


def _left_over(submissions: Iterable[Submission], facts: Facts, selected: Selected) -> Iterator[Action]:
    """Yield an action for each submission that no job needs any more: finish it, or hold it."""
    for item in submissions:
        if item.model not in facts.models:
            continue
        if item.phase not in PAYMENT_UNKNOWN:
            yield _collect(item, facts)
        elif selected.jobs is None or item.job in selected.jobs:
            action = _collect(item, facts)
            yield replace(action, verb=Verb.BLOCKED, reason=r.PaymentUnknown(job=action.request.job))


def _collect(submission: Submission, facts: Facts) -> Action:
    """Finish a paid submission that no job needs any more: its takes go to the store."""
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
    return replace(_act(request, Verb.RESUME, r.NotWanted(job=submission.job)), submission=submission)


def _bring_back(request: Request, entry: Entry, job: str, facts: Facts) -> Action:
    """Return the action that puts the chosen take of an entry at its output."""
    request = pinned(request, entry)
    path = output_path(request, entry)
    wanted = entry.chosen(request.take)
    found = facts.outputs.get(path)
    renamed = r.Renamed(job=job) if job != request.job else None
    if found == wanted.sha256:
        if renamed is None and wanted.path == path and entry.take == request.take:
            return _act(request, Verb.REUSE, r.UpToDate(), entry, job)
        return _act(request, Verb.RESTORE, renamed or r.TakeInPlace(take=request.take), entry, job)
    if path in facts.outputs and not _is_ours(found, facts, entry, facts.lock.jobs.get(request.job)):
        reason = r.LfsPointer(path=path) if path in facts.pointers else r.EditedOutput(path=path)
        return _act(request, Verb.BLOCKED, reason, entry, job)
    previous = wanted.path or next((take.path for take in entry.takes if take.path), None)
    if wanted.sha256 in facts.blobs or (previous and facts.outputs.get(previous) == wanted.sha256):
        return _act(request, Verb.RESTORE, renamed or _why_restore(request, entry, previous, found), entry, job)
    return _audio_lost(request, entry, job, path, facts)


def _why_restore(request: Request, entry: Entry, previous: str | None, found: str | None) -> Reason:
    """Return why the output is not the wanted take; `found` is the hash of the file there."""
    path = output_path(request, entry)
    if previous is not None and previous != path:
        return r.Moved(path=previous)
    if found is None:
        return r.OutputMissing(path=path)
    placed = next((number for number, take in enumerate(entry.takes, start=1) if take.sha256 == found), None)
    return r.OtherVersion(path=path) if placed is None else r.TakeChosen(take=request.take, placed=placed)


def _audio_lost(request: Request, entry: Entry, job: str, path: str, facts: Facts) -> Action:
    """Neither the output nor the store has it: ask the provider again where its receipt still opens something."""
    if _can_be_polled(entry, facts):
        again = _act(request, Verb.RESUME, r.AudioMissing(path=path), entry, job)
        return replace(again, submission=from_pending(request.job, entry))
    if request.is_free:
        made = _generate(request, Verb.REGENERATE, r.FreeAudioMissing(path=path), entry=entry)
        return replace(made, entry_job=job)
    return _act(request, Verb.BLOCKED, r.AudioLost(path=path), entry, job)


def _can_be_polled(entry: Entry, facts: Facts) -> bool:
    return entry.receipt.request_id is not None and entry.model in facts.pollable


def _generate(request: Request, verb: Verb, reason: Reason, *, entry: Entry | None = None) -> Action:
    again = request.retries + (MAX_RESUBMITS if request.on_unknown == "resubmit" else 0)
    own, shipped = (
        cost(price, takes=request.takes, seconds=request.seconds, retries=again)
        for price in (request.price, request.model.shipped_price)
    )
    price = guarded(own, shipped, free=request.is_free)
    return Action(request=request, verb=verb, reason=reason, cost=price, entry=entry)


def _act(
    request: Request, verb: Verb, reason: Reason, entry: Entry | None = None, entry_job: str | None = None
) -> Action:
    return Action(request=request, verb=verb, reason=reason, cost=_nothing(), entry=entry, entry_job=entry_job)


def _nothing() -> Cost:
    return Cost(low=Decimal(0), worst=Decimal(0))
