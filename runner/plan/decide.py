"""What to do for each request, and why.

Every entry of the lock is a receipt, so each rule first looks for one that was already paid for: this job's own, or one
that no other job asks for. Only when there is none is anything generated.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from runner.catalog.media_types import media_types_of
from runner.catalog.prices import total
from runner.plan.actions import act, generate
from runner.plan.changes import changes
from runner.plan.chosen import chosen
from runner.plan.claims import Claims, pinned
from runner.plan.fingerprint import is_same_text
from runner.plan.finishing import is_as_locked, known_output, path_of, why_finished
from runner.plan.on_fail import asked_again
from runner.plan.rolls import refuse_unmade, rolls, seed_of
from runner.plan.unfinished import collect, hold, resume
from runner.records import reasons as r
from runner.records.family import family
from runner.records.lock import State
from runner.records.plan import Action, Plan, Verb
from runner.records.submission import ENDED_BADLY, PAYMENT_UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from runner.plan.facts import Facts, Selected
    from runner.plan.rolls import Rerolls
    from runner.records.family import NumberedTake
    from runner.records.lock import Entry
    from runner.records.reasons import Reason
    from runner.records.request import Request


_UP_TO_DATE = r.UpToDate()


def decide(requests: tuple[Request, ...], facts: Facts, selected: Selected) -> Plan:
    """Return what to do for every selected request, in the order of the file, with the sums of what it may cost."""
    claims = Claims(requests, models=facts.models, lock=facts.lock)
    actions, owners = [], claims.owners
    for request in requests:
        chosen = selected.jobs is None or request.job in selected.jobs
        action = _guarded(_decide_one(request, facts, claims, force=chosen and request.job in selected.forced), facts)
        if chosen:
            replaced = _replaced_profile(action, facts)
            actions.append(action if replaced is None else replace(action, replaces=replaced))
    by_person = selected.forced | (selected.rerolls.jobs if selected.rerolls else frozenset())
    again = [
        generate(roll, Verb.GENERATE, reason, entry=own)
        for roll, own, reason in asked_again(requests, actions, claims, facts.lock, by_person)
    ]
    actions += _rerolled(requests, claims, facts, selected.rerolls) if selected.rerolls else ()
    actions += again
    return Plan(
        actions=tuple(actions),
        low=total(action.cost.low for action in actions),
        worst=total(action.cost.worst for action in actions),
        collect=tuple(collect(_not_planned(claims.left_over, actions), facts, selected)),
        orphans=claims.orphans(requests),
        owners=owners,
    )


def _decide_one(request: Request, facts: Facts, claims: Claims, *, force: bool) -> Action:
    if request.waits_for:
        return _after_inputs(request, facts, force=force)
    entry = claims.of(request)
    if entry is None:
        before = _before(request, facts, claims)
        if before is None:
            return generate(request, Verb.GENERATE, r.Forced() if force else r.NotMade())
        wanted = pinned(request, before)
        why: Reason = r.Forced() if force else r.Changed(changes=changes(wanted, before))
        return generate(request if force else wanted, Verb.REGENERATE, why, entry=before)
    if entry.state is State.DONE:
        picks = [facts.lock.picks.get(job, ()) for job in (request.job, entry.job)] if facts.lock.picks else ()
        takes = family(claims.family(request), entry.base)
        take = chosen(request, entry, takes, *picks, is_lost=partial(_is_lost, facts=facts))
        if force:
            again = _as_made(request, take.entry)
            return generate(again, Verb.REGENERATE, r.Forced(is_same=True, seed=seed_of(again)), entry=take.entry)
        action = _bring_back(_as_made(request, take.entry), take, takes, facts)
        return action if action.chosen is take else replace(action, chosen=take)
    submission, before = facts.submissions[entry.attempt], _before(request, facts, claims)
    if force and submission.phase in ENDED_BADLY:
        verb = Verb.REGENERATE if before else Verb.GENERATE
        again = replace(request, params=submission.params)
        why = r.Forced(is_same=True, seed=seed_of(again))
        return replace(generate(again, verb, why, entry=before), submission=submission)
    return resume(request, submission, before)


def _before(request: Request, facts: Facts, claims: Claims) -> Entry | None:
    """Return what the job was made as before, which no job asks for any more."""
    own = facts.lock.jobs.get(request.job, ())
    return next((made for made in own if made.takes and not made.roll and claims.leaves(made)), None)


def _after_inputs(request: Request, facts: Facts, *, force: bool) -> Action:
    """Return the action for a request of which some input is still to be made."""
    verb = Verb.REGENERATE if (before := facts.lock.made(request.job)) else Verb.GENERATE
    return generate(request, verb, r.Forced() if force else r.InputsComing(jobs=request.waits_for), entry=before)


def _rerolled(requests: tuple[Request, ...], claims: Claims, facts: Facts, asked: Rerolls) -> Iterator[Action]:
    """Yield an action for each roll that is asked for, and for each earlier one that may have been charged."""
    named = [(request, claims.of(request)) for request in requests if request.job in asked.jobs]
    refuse_unmade([request.job for request, own in named if own is None or own.state is not State.DONE])
    for request, own in named:
        assert own is not None, "what is not made is refused"
        held = claims.family(request)
        unknown = [entry for entry in held if entry.roll and _is_payment_unknown(entry, facts)]
        for entry in unknown:
            yield hold(replace(_as_made(request, entry), output=None), facts.submissions[entry.attempt], own)
        if unknown and not (request.is_free or request.on_unknown == "resubmit"):
            continue
        for roll in rolls(request, own, held, asked):
            seed, is_drawn = seed_of(roll), request.seed_mode == "random" and seed_of(roll) is None
            reason = r.Rerolled(roll=roll.roll, seed=seed, is_drawn=is_drawn)
            yield generate(replace(roll, rerolls=0), Verb.GENERATE, reason, entry=own)


def _is_payment_unknown(entry: Entry, facts: Facts) -> bool:
    return entry.state is State.UNKNOWN and facts.submissions[entry.attempt].phase in PAYMENT_UNKNOWN


def _not_planned(left_over: Iterable[Entry], actions: Iterable[Action]) -> Iterator[Entry]:
    """Yield what no action is about."""
    planned = {action.submission.attempt for action in actions if action.submission is not None}
    return (entry for entry in left_over if entry.attempt not in planned)


def _is_lost(item: NumberedTake, *, facts: Facts) -> bool:
    """Say whether the audio of a take is not here, and nobody can send it again."""
    entry, sha256 = item.entry, item.take.sha256
    if sha256 in facts.blobs or (entry.output is not None and facts.outputs.get(entry.output.path) == sha256):
        return False
    can_be_asked = entry.request_id is not None and entry.model in facts.pollable
    return not can_be_asked or facts.submissions[entry.attempt].phase in ENDED_BADLY


def _replaced_profile(action: Action, facts: Facts) -> str | None:
    """Return the profile whose output an action replaces, where that is not the profile of this run."""
    if action.verb in (Verb.REUSE, Verb.BLOCKED):
        return None
    placed = facts.lock.placed(action.request.job)
    profile = None if placed is None or placed.output is None else placed.output.profile
    return profile if profile != facts.profile else None


def _guarded(action: Action, facts: Facts) -> Action:
    """Block a submission while a file that this pipeline did not write is at its output: nothing is paid for it."""
    request = action.request
    if request.output is None or not action.verb.makes:
        return action
    own = facts.lock.jobs.get(request.job, ())
    for media_type in media_types_of(request.model, request.params):
        path = path_of(request, media_type)
        is_input = facts.outputs.get(path) in {item.sha256 for item in request.inputs if item.is_file}
        if path in facts.outputs and not is_input and not _is_ours(path, facts, *own):
            reason = r.LfsPointer(path=path) if path in facts.pointers else r.ForeignOutput(path=path)
            return act(request, Verb.BLOCKED, reason, action.entry)
    return action


def _is_ours(path: str, facts: Facts, *entries: Entry) -> bool:
    """Return whether the file at a path has the bytes of a take in the store, of these entries, or of what was placed there."""
    found = facts.outputs[path]
    if found is None:
        return False
    known = (*entries, *facts.lock.at_path.get(path, ()))
    # The store is asked last: it reads the file.
    placed = (entry.output.sha256 for entry in known if entry.output is not None)
    taken = (take.sha256 for entry in known for take in entry.takes)
    return found in {*placed, *taken} or found in facts.blobs


def _as_made(request: Request, entry: Entry) -> Request:
    """Return a request as it was sent when an entry was made."""
    own = (request.roll, request.roll_of)
    if own == (entry.roll, entry.roll_of) and is_same_text(request.params, entry.request):
        return request
    return replace(request, params=entry.request, roll=entry.roll, roll_of=entry.roll_of)


def _bring_back(request: Request, chosen: NumberedTake, takes: tuple[NumberedTake, ...], facts: Facts) -> Action:
    """Return the action that puts the chosen one of these takes at its output, finished as the request says."""
    entry, take = chosen.entry, chosen.take
    path, known = path_of(request, take.media_type), known_output(request, chosen)
    wanted = None if known is None else known.sha256
    found = facts.outputs.get(path)
    renamed = r.Renamed(job=entry.job) if entry.job != request.job else None
    if wanted is not None and found == wanted:
        if renamed is None and is_as_locked(chosen, known):
            return act(request, Verb.REUSE, _UP_TO_DATE, entry, chosen)
        return act(request, Verb.RESTORE, renamed or r.TakeInPlace(take=chosen.number), entry)
    if path in facts.outputs and not _is_ours(path, facts, entry, *facts.lock.jobs.get(request.job, ())):
        reason = r.LfsPointer(path=path) if path in facts.pointers else r.EditedOutput(path=path)
        return act(request, Verb.BLOCKED, reason, entry)
    if _is_here(wanted, entry, facts):
        return act(request, Verb.RESTORE, renamed or _why_restore(path, chosen, takes, found), entry)
    if request.finishing is not None and _is_here(take.sha256, entry, facts):
        return act(request, Verb.MASTER, renamed or why_finished(path, chosen, takes, wanted), entry)
    return audio_lost(request, entry, path, facts)


def _is_here(sha256: str | None, entry: Entry, facts: Facts) -> bool:
    """Say whether a file is in the store, or at the output that its entry had before."""
    previous = entry.output.path if entry.output else None
    return sha256 is not None and (
        sha256 in facts.blobs or (previous is not None and facts.outputs.get(previous) == sha256)
    )


def _why_restore(path: str, chosen: NumberedTake, takes: tuple[NumberedTake, ...], found: str | None) -> Reason:
    """Return why the output at `path` is not the chosen one of these takes; `found` is the hash of the file there."""
    previous = next((item.entry.output.path for item in takes if item.entry.output is not None), None)
    if previous is None:
        return r.MadeBefore(in_store=True)
    if previous != path:
        return r.Moved(path=previous)
    if found is None:
        return r.OutputMissing(path=path)
    placed = next((item.number for item in takes if item.take.sha256 == found), None)
    return r.OtherVersion(path=path) if placed is None else r.TakeChosen(take=chosen.number, placed=placed)


def audio_lost(request: Request, entry: Entry, path: str, facts: Facts) -> Action:
    """Neither the output nor the store has it: ask the provider again where its receipt still opens something."""
    if entry.request_id is not None and entry.model in facts.pollable:
        why = r.MadeBefore(in_store=False) if entry.output is None else r.AudioMissing(path=path)
        return replace(act(request, Verb.RESUME, why, entry), submission=facts.submissions[entry.attempt])
    if request.is_free:
        return generate(request, Verb.REGENERATE, r.FreeAudioMissing(path=path), entry=entry)
    return act(request, Verb.BLOCKED, r.AudioLost(path=path), entry)
