"""What to do for each request, and why.

A lock entry is a receipt, so each rule looks first for something already paid for: this job's entry, an unfinished
submission, the entry of a job that was renamed, a finished submission in the journal. Only when all are absent is
anything generated.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, assert_never

from runner.catalog.media_types import media_types_of
from runner.catalog.prices import cost, total
from runner.plan.claims import Claims, pinned
from runner.plan.fingerprint import fingerprint
from runner.plan.pending import from_pending
from runner.records.media_types import EXTENSIONS
from runner.records.plan import Action, Change, Cost, Plan, Verb
from runner.records.request import Request
from runner.records.source import Mark
from runner.records.submission import ENDED_BADLY, IN_DOUBT, NextRun

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping

    from runner.records.catalog import Model
    from runner.records.lock import Entry, Lock
    from runner.records.source import Json
    from runner.records.submission import Submission


_IN_DOUBT = "payment in an unknown state: a submit went out unproven"
MAX_RESUBMITS = 2
"""How often one run sends a job again whose submit has no proven outcome, where that is free or asked for."""


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
    askable: Container[str]
    """Models whose vendor can be asked for a job again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command line narrows or forces."""

    jobs: frozenset[str] | None = None
    """Cell ids that were named; None means all."""
    forced: frozenset[str] = frozenset()
    """Cell ids that are made again, even if they are up to date; what they need is not among them."""


def decide(requests: tuple[Request, ...], facts: Facts, asked: Asked) -> Plan:
    """Return what to do for every asked request, in the order of the file, with the sums of what it may cost."""
    claims = Claims(
        requests, models=facts.models, lock=facts.lock, submissions=facts.submissions, finished=facts.finished
    )
    actions = []
    for request in requests:
        chosen = asked.jobs is None or request.job in asked.jobs
        action = _guarded(_decide_one(request, facts, claims, force=chosen and request.job in asked.forced), facts)
        if chosen:
            actions.append(action)
    return Plan(
        actions=tuple(actions),
        low=total(action.cost.low for action in actions),
        worst=total(action.cost.worst for action in actions),
        collect=tuple(_left_over(claims.unclaimed(), facts, asked)),
        orphans=claims.orphans(),
    )


def output_path(request: Request, entry: Entry) -> str:
    """Return where the chosen take of an entry belongs, relative to the pipeline's folder, with its real extension."""
    assert request.output is not None, "what is only collected has no place"
    return request.output + EXTENSIONS[entry.chosen(request.take).media_type]


def _decide_one(request: Request, facts: Facts, claims: Claims, *, force: bool) -> Action:
    entry = _finished(facts.lock.jobs.get(request.job))
    submission = claims.submission(request)
    forced = _generate(request, Verb.REGENERATE if entry else Verb.GENERATE, "--force", entry=entry)
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
        return _act(pinned(request, made), Verb.RESTORE, "made before; its takes are in the store", made, request.job)
    if made is not None and _can_be_asked(made, facts) and not _is_free(request):
        reason = "made before and gone from the store; asks the vendor for it again, at no cost"
        return replace(_act(pinned(request, made), Verb.RESUME, reason), submission=from_pending(request.job, made))
    if entry is not None:
        return _generate(wanted, Verb.REGENERATE, "", entry=entry, changes=_changes(wanted, entry))
    return _generate(request, Verb.GENERATE, "not made yet")


def _guarded(action: Action, facts: Facts) -> Action:
    """Block what would be paid for while something that is not ours stands at its output: found out now, not after."""
    request = action.request
    if not action.verb.makes or request.output is None:
        return action
    own = facts.lock.jobs.get(request.job)
    for media_type in media_types_of(request.model, request.params):
        path = request.output + EXTENSIONS[media_type]
        if path in facts.outputs and not _is_ours(facts.outputs[path], facts, own):
            reason = f"{path} is not what was made here, and is not overwritten; move it away"
            return _act(request, Verb.BLOCKED, reason, action.entry)
    return action


def _is_ours(found: str | None, facts: Facts, *entries: Entry | None) -> bool:
    """Say whether a file has the bytes of a take that these entries or the store know."""
    if found is None:
        return False
    return found in facts.blobs or any(found == take.sha256 for entry in entries if entry for take in entry.takes)


def _finished(entry: Entry | None) -> Entry | None:
    """Return an entry that has takes: a pending receipt is a submission, and counts there."""
    return entry if entry is not None and entry.takes else None


def _resume(request: Request, submission: Submission, entry: Entry | None) -> Action:
    """Take up a submission that a run left unfinished."""
    same = replace(request, params=submission.params)
    match submission.phase.next_run:
        case NextRun.RESUME:
            reason = f"submitted {submission.submitted_at}, not finished"
            return replace(_act(same, Verb.RESUME, reason), submission=submission)
        case NextRun.ASK_AGAIN:
            reason = f"submitted {submission.submitted_at}, came to nothing, asks for it again"
            return replace(_act(same, Verb.RESUME, reason), submission=submission)
        case NextRun.HOLD:
            return _held(same, submission, entry)
        case NextRun.START | NextRun.NOTHING:
            raise AssertionError(f"{submission.phase} leaves nothing to take up")
    assert_never(submission.phase.next_run)


def _held(same: Request, submission: Submission, entry: Entry | None) -> Action:
    """Hold a submission that may have been charged, unless sending it again is free or the user's own choice."""
    if _is_free(same):
        again = _generate(same, Verb.GENERATE, "a free submit was interrupted", entry=entry)
    elif same.on_unknown == "resubmit":
        reason = "a submit has no proven outcome; on_unknown: resubmit"
        again = _generate(same, Verb.GENERATE, reason, entry=entry)
    else:
        again = _act(same, Verb.BLOCKED, _IN_DOUBT, entry)
    return replace(again, submission=submission)


def _left_over(submissions: Iterable[Submission], facts: Facts, asked: Asked) -> Iterator[Action]:
    """Yield what is to be done about submissions that nothing asks for any more: finish them, or hold them."""
    for item in submissions:
        if item.model not in facts.models:
            continue
        if item.phase not in IN_DOUBT:
            yield _collect(item, facts)
        elif asked.jobs is None or item.job in asked.jobs:
            yield replace(_collect(item, facts), verb=Verb.BLOCKED, reason=_IN_DOUBT)


def _collect(submission: Submission, facts: Facts) -> Action:
    """Finish what was paid for and is not asked for any more: its takes go to the store."""
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
    reason = f"paid for {submission.job} before it was changed; its takes go to the store"
    return replace(_act(request, Verb.RESUME, reason), submission=submission)


def _bring_back(request: Request, entry: Entry, job: str, facts: Facts) -> Action:
    """Say what it takes to have the output of an entry in its place again."""
    request = pinned(request, entry)
    moved = f"renamed from {job}" if job != request.job else ""
    path = output_path(request, entry)
    wanted = entry.chosen(request.take)
    found = facts.outputs.get(path)
    if found == wanted.sha256:
        same = job == request.job and wanted.path == path and entry.take == request.take
        return _act(
            request,
            Verb.REUSE if same else Verb.RESTORE,
            moved or ("up to date" if same else "take chosen"),
            entry,
            job,
        )
    if path in facts.outputs and not _is_ours(found, facts, entry, facts.lock.jobs.get(request.job)):
        reason = f"{path} was changed by hand, and is not overwritten; move it away to have it back"
        return _act(request, Verb.BLOCKED, reason, entry, job)
    previous = wanted.path or next((take.path for take in entry.takes if take.path), None)
    if wanted.sha256 in facts.blobs or (previous and facts.outputs.get(previous) == wanted.sha256):
        return _act(request, Verb.RESTORE, moved or _why_restore(entry, path, previous, found), entry, job)
    return _audio_lost(request, entry, job, path, facts)


def _why_restore(entry: Entry, path: str, previous: str | None, found: str | None) -> str:
    if previous is not None and previous != path:
        return f"moved from {previous}"
    return f"another take is chosen than {entry.take}" if found is not None else f"{path} is missing"


def _audio_lost(request: Request, entry: Entry, job: str, path: str, facts: Facts) -> Action:
    """Neither the output nor the store has it: ask the vendor again where its receipt still opens something."""
    if _is_free(request):
        return _generate(request, Verb.REGENERATE, f"{path} is gone from here; the model is free", entry=entry)
    if not _can_be_asked(entry, facts):
        reason = f"{path} is gone and its receipt cannot be asked again; name the job with --force to pay for a new one"
        return _act(request, Verb.BLOCKED, reason, entry, job)
    reason = f"{path} is gone from here; asks the vendor for it again, at no cost"
    return replace(_act(request, Verb.RESUME, reason, entry, job), submission=from_pending(request.job, entry))


def _can_be_asked(entry: Entry, facts: Facts) -> bool:
    return entry.receipt.request_id is not None and entry.model in facts.askable


def _generate(
    request: Request, verb: Verb, reason: str, *, entry: Entry | None = None, changes: tuple[Change, ...] = ()
) -> Action:
    again = request.retries + (MAX_RESUBMITS if request.on_unknown == "resubmit" else 0)
    price = cost(request.price, takes=request.takes, seconds=asked_seconds(request), retries=again)
    return Action(request=request, verb=verb, reason=reason, changes=changes, cost=price, entry=entry)


def _act(request: Request, verb: Verb, reason: str, entry: Entry | None = None, entry_job: str | None = None) -> Action:
    return Action(request=request, verb=verb, reason=reason, cost=_nothing(), entry=entry, entry_job=entry_job)


def _nothing() -> Cost:
    return Cost(low=Decimal(0), worst=Decimal(0))


def asked_seconds(request: Request) -> float | None:
    """Return the length in seconds that a request asks for; None when its model chooses the length."""
    name = request.model.duration_param
    if name is None:
        return None
    value = request.params.get(name, request.model.params[name].default)
    return None if value is None else float(value)


def _is_free(request: Request) -> bool:
    return request.price.usd == 0


def _changes(request: Request, entry: Entry) -> tuple[Change, ...]:
    """List what differs between an entry and a request, field by field."""
    changes = []
    if entry.model != request.model.id:
        changes.append(Change(field="model", old=entry.model, new=request.model.id, mark=request.mark))
    for name in sorted({*entry.request, *request.params}):
        old, new = entry.request.get(name), request.params.get(name)
        if not _same(old, new):
            origin = request.origins.get(name)
            changes.append(Change(field=name, old=old, new=new, mark=origin.mark if origin else request.mark))
    return tuple(changes)


def _same(old: Json, new: Json) -> bool:
    return fingerprint("", {"value": old}) == fingerprint("", {"value": new})
