"""What to do for each request, and why.

A lock entry is a receipt, so each rule looks first for something already paid for: this job's entry, an unfinished
submission, the entry of a job that was renamed, a finished submission in the journal. Only when all are absent is
anything generated.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from runner.catalog.price import cost
from runner.media_types import EXTENSIONS
from runner.plan.fingerprint import fingerprint, identity
from runner.plan.pending import from_pending
from runner.records import ENDED_BADLY, IN_DOUBT, OPEN, Action, Change, Cost, Mark, Plan, Request

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping

    from runner.records import Card, Entry, Json, Lock, Submission, Verb


ASKING = ("generate", "regenerate", "resume", "remaster")
"""The verbs for which somebody has to be asked: a vendor, or a model that runs here."""
MAX_RESUBMITS = 2
"""How often one run sends a job again whose submit has no proven outcome, where that is free or asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of the world before anything is done.

    `outputs` maps a path relative to the pipeline's folder to the SHA-256 of the file there; a path without a regular
    file maps to None. `blobs` are the hashes in the store, `finished` what the journal says was made,
    as (job, entry).
    """

    cards: Mapping[str, Card]
    lock: Lock
    submissions: tuple[Submission, ...]
    finished: tuple[tuple[str, Entry], ...]
    outputs: Mapping[str, str | None]
    blobs: Container[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command line narrows or forces."""

    jobs: frozenset[str] | None = None
    """Cell ids that were named; None means all."""
    force: bool = False


def decide(requests: tuple[Request, ...], facts: Facts, asked: Asked) -> Plan:
    """Return what to do for every asked request, in the order of the file, with the sums of what it may cost."""
    known = _Known(requests, facts)
    actions = []
    for request in requests:
        chosen = asked.jobs is None or request.job in asked.jobs
        action = _decide_one(request, facts, known, force=asked.force and chosen)
        if chosen:
            actions.append(action)
    return Plan(
        actions=tuple(actions),
        low=_total(action.cost.low for action in actions),
        worst=_total(action.cost.worst for action in actions),
        collect=tuple(_collect(item, facts) for item in known.abandoned() if item.model in facts.cards),
        orphans=tuple(sorted(known.orphans)),
    )


def output_path(request: Request, entry: Entry) -> str:
    """Return where the chosen take of an entry belongs, relative to the pipeline's folder, with its real extension."""
    take = entry.takes[min(request.take, len(entry.takes)) - 1]
    return request.output + EXTENSIONS[take.media_type]


class _Known:
    """Receipts that are not spoken for yet: what a renamed or reverted job may claim, each once."""

    def __init__(self, requests: tuple[Request, ...], facts: Facts) -> None:
        self._names = {request.job for request in requests}
        self.orphans = {job: entry for job, entry in facts.lock.jobs.items() if job not in self._names and entry.takes}
        self._orphans_by_identity: dict[str, list[str]] = {}
        seeds = {request.card.id: request.card.seed for request in requests}
        for job, entry in self.orphans.items():
            seed = seeds.get(entry.model)
            key = identity(entry.model, entry.request, seed.param if seed else None)
            self._orphans_by_identity.setdefault(key, []).append(job)
        self._finished: dict[str, list[tuple[str, Entry]]] = {}
        for name, made in facts.finished:
            self._finished.setdefault(made.fingerprint, []).append((name, made))
        self._open: dict[str, list[Submission]] = {}
        for submission in facts.submissions:
            if submission.phase in OPEN or submission.phase in IN_DOUBT:
                card = facts.cards.get(submission.model)
                seed_param = card.seed.param if card and card.seed else submission.seed_param
                key = identity(submission.model, submission.params, seed_param)
                self._open.setdefault(key, []).append(submission)

    def claim_orphan(self, request: Request) -> tuple[str, Entry] | None:
        """Return the entry of a job that is not in the file any more and asked for just this."""
        for job in self._orphans_by_identity.get(_identity(request), ()):
            entry = self.orphans.get(job)
            if entry is not None and _satisfies(request, entry):
                del self.orphans[job]
                return job, entry
        return None

    def claim_submission(self, request: Request) -> Submission | None:
        """Return the unfinished submission that asked for just this, this job's own first."""
        waiting = self._open.get(_identity(request), [])
        loose = request.seed_mode in ("auto", "random")
        fitting = [item for item in waiting if loose or item.fingerprint == _print(request)]
        own = [item for item in fitting if item.job == request.job]
        free = [item for item in fitting if item.job not in self._names]
        if not own and not free:
            return None
        found = (own or free)[-1]
        waiting.remove(found)
        return found

    def made_before(self, request: Request) -> Entry | None:
        """Return what the journal says was made for just this, by this job or one that is not in the file any more."""
        for job, entry in reversed(self._finished.get(_print(request), ())):
            if job == request.job or job not in self._names:
                return entry
        return None

    def abandoned(self) -> tuple[Submission, ...]:
        """Return paid submissions that nothing in the file asks for any more."""
        return tuple(item for items in self._open.values() for item in items if item.phase in OPEN)


def _decide_one(request: Request, facts: Facts, known: _Known, *, force: bool) -> Action:
    entry = _finished(facts.lock.jobs.get(request.job))
    submission = known.claim_submission(request)
    forced = _generate(request, "regenerate" if entry else "generate", "--force", entry=entry)
    if submission is not None:
        given_up = force and submission.phase in ENDED_BADLY
        return replace(forced, submission=submission) if given_up else _resume(request, submission, entry)
    if force:
        return forced
    if entry is not None and _satisfies(request, entry):
        return _bring_back(request, entry, request.job, facts)
    claimed = known.claim_orphan(request)
    if claimed is not None:
        return _bring_back(request, claimed[1], claimed[0], facts)
    pinned = request if entry is None else _pinned(request, entry)
    made = known.made_before(pinned)
    if made is not None and all(take.sha256 in facts.blobs for take in made.takes):
        return _act(pinned, "restore", "made before; its takes are in the store", made, request.job)
    if entry is not None:
        return _generate(pinned, "regenerate", "", entry=entry, changes=_changes(pinned, entry))
    return _generate(request, "generate", "not made yet")


def _finished(entry: Entry | None) -> Entry | None:
    """Return an entry that has takes: a pending receipt is a submission, and counts there."""
    return entry if entry is not None and entry.takes else None


def _resume(request: Request, submission: Submission, entry: Entry | None) -> Action:
    """Take up a submission that a run left unfinished."""
    pinned = replace(request, params=submission.params)
    if submission.phase not in IN_DOUBT:
        ended = "came to nothing, asks for it again" if submission.phase in ENDED_BADLY else "not finished"
        reason = f"submitted {submission.submitted_at}, {ended}"
        return replace(_act(pinned, "resume", reason), submission=submission)
    if _is_free(request):
        again = _generate(pinned, "generate", "a free submit was interrupted", entry=entry)
    elif request.on_unknown == "resubmit":
        reason = "a submit has no proven outcome; on_unknown: resubmit"
        again = _generate(pinned, "generate", reason, entry=entry)
    else:
        again = _act(pinned, "blocked", "payment in an unknown state: a submit went out unproven", entry)
    return replace(again, submission=submission)


def _collect(submission: Submission, facts: Facts) -> Action:
    """Finish what was paid for and is not asked for any more: its takes go to the store."""
    request = Request(
        job=f"{submission.job}~{submission.attempt[:6]}",
        group=submission.job,
        card=facts.cards[submission.model],
        params=submission.params,
        seed_mode="fixed",
        output="",
        take=1,
        takes=1,
        mark=Mark(file="", line=1, column=1),
    )
    reason = f"paid for {submission.job} before it was changed; its takes go to the store"
    return replace(_act(request, "resume", reason), submission=submission)


def _bring_back(request: Request, entry: Entry, job: str, facts: Facts) -> Action:
    """Say what it takes to have the output of an entry in its place again."""
    request = _pinned(request, entry)
    moved = f"renamed from {job}" if job != request.job else ""
    path = output_path(request, entry)
    wanted = entry.takes[min(request.take, len(entry.takes)) - 1]
    found = facts.outputs.get(path)
    if found == wanted.sha256:
        same = job == request.job and wanted.path == path and entry.take == request.take
        return _act(
            request, "reuse" if same else "restore", moved or ("up to date" if same else "take chosen"), entry, job
        )
    if found is not None and found not in {take.sha256 for take in entry.takes} and found not in facts.blobs:
        reason = f"{path} was changed by hand; move it away, or name the job with --force to make it anew"
        return _act(request, "blocked", reason, entry, job)
    previous = wanted.path or next((take.path for take in entry.takes if take.path), None)
    if wanted.sha256 in facts.blobs or (previous and facts.outputs.get(previous) == wanted.sha256):
        return _act(request, "restore", moved or _why_restore(entry, path, previous, found), entry, job)
    return _audio_lost(request, entry, job, path)


def _why_restore(entry: Entry, path: str, previous: str | None, found: str | None) -> str:
    if previous is not None and previous != path:
        return f"moved from {previous}"
    return f"another take is chosen than {entry.take}" if found is not None else f"{path} is missing"


def _audio_lost(request: Request, entry: Entry, job: str, path: str) -> Action:
    """Neither the output nor the store has it: ask the vendor again where its receipt still opens something."""
    if _is_free(request):
        return _generate(request, "regenerate", f"{path} is gone from here; the model is free", entry=entry)
    if not entry.receipt.request_id:
        reason = f"{path} is gone and its receipt cannot be asked again; name the job with --force to pay for a new one"
        return _act(request, "blocked", reason, entry, job)
    reason = f"{path} is gone from here; asks the vendor for it again, at no cost"
    return replace(_act(request, "resume", reason, entry, job), submission=from_pending(request.job, entry))


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
    name = request.card.duration_param
    if name is None:
        return None
    value = request.params.get(name, request.card.params[name].default)
    return None if value is None else float(value)


def _is_free(request: Request) -> bool:
    return request.price.usd == 0


def _identity(request: Request) -> str:
    return identity(request.card.id, request.params, request.card.seed.param if request.card.seed else None)


def _print(request: Request) -> str:
    return fingerprint(request.card.id, request.params)


def _satisfies(request: Request, entry: Entry) -> bool:
    """Say whether an entry is what a request asks for; a seed that nobody wrote is whatever the entry has."""
    if entry.model != request.card.id:
        return False
    return _print(_pinned(request, entry)) == entry.fingerprint


def _pinned(request: Request, entry: Entry) -> Request:
    """Return the request with the seed of its entry, unless the user wrote a seed."""
    seed = request.card.seed
    if seed is None or request.seed_mode not in ("auto", "random") or entry.model != request.card.id:
        return request
    if seed.param not in entry.request:
        return request
    return replace(request, params={**request.params, seed.param: entry.request[seed.param]})


def _changes(request: Request, entry: Entry) -> tuple[Change, ...]:
    """List what differs between an entry and a request, field by field."""
    changes = []
    if entry.model != request.card.id:
        changes.append(Change(field="model", old=entry.model, new=request.card.id, mark=request.mark))
    for name in sorted({*entry.request, *request.params}):
        old, new = entry.request.get(name), request.params.get(name)
        if not _same(old, new):
            origin = request.origins.get(name)
            changes.append(Change(field=name, old=old, new=new, mark=origin.mark if origin else request.mark))
    return tuple(changes)


def _same(old: Json, new: Json) -> bool:
    return fingerprint("", {"value": old}) == fingerprint("", {"value": new})


def _total(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """Add amounts up; one unknown makes the sum unknown."""
    total = Decimal(0)
    for amount in amounts:
        if amount is None:
            return None
        total += amount
    return total
