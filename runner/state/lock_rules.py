"""How two copies of a lock become one, and what a submission looks like in it: pure rules.

`join` is commutative, associative and idempotent, and loses no submission, so it does not matter which copies meet, in
which order, or how often: shards, branches, the file on disk and what a run knows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, assert_never

from runner.frozen import replace
from runner.records.lock import Entry, Lock, ProviderJobId, Receipt, State
from runner.records.submission import Phase
from runner.records.words import last_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from runner.records.lock import Output, Take
    from runner.records.pick import Pick
    from runner.records.submission import Submission

_Said = TypeVar("_Said")
VERSION_1 = "v1-"
"""How the attempts begin that were named for receipts of a lock of version 1, which knew no attempts."""


# ---------------------------------------------------------------- from submissions to entries


def entry_of(item: Submission) -> Entry | None:
    """Return what the lock says of a submission; None when nothing was sent and nothing made.

    The entry has no revision and no output. Of a private id only the digest enters the lock.
    """
    assert item.attempt is not None, "only a submission that is in the journal has an entry"
    state = _state_of(item)
    if state is None:
        return None
    known, private = item.request_id, item.private is not False
    receipt = Receipt(
        request_id=known.hidden() if private and known is not None else known,
        price_usd=item.price_usd,
        submitted_at=item.submitted_at or item.planned_at,
        poll_url=None if private else item.poll_url,
        told=item.told,
        earlier_ids=item.earlier_ids,
    )
    return Entry(
        attempt=item.attempt,
        job=item.job,
        revision=0,
        model=item.model,
        request=item.params,
        fingerprint=item.fingerprint,
        seed_param=item.seed_param,
        state=state,
        receipt=receipt if item.sent else None,
        takes=item.takes if state is State.DONE else (),
        roll=item.roll,
        roll_of=item.roll_of,
    )


def _state_of(item: Submission) -> State | None:
    match item.phase:
        case Phase.PLANNED | Phase.NOT_SENT:
            return None
        case Phase.INTENT | Phase.ANSWERED | Phase.UNKNOWN:
            return State.UNKNOWN
        case Phase.REJECTED:
            return State.NOT_CHARGED if item.request_id is None else State.FAILED
        case Phase.FETCHED | Phase.PLACED:
            return State.PENDING if item.sent else None
        case Phase.ACCEPTED | Phase.READY | Phase.STALLED | Phase.EXPIRED | Phase.LOST | Phase.BAD_CONTENT if (
            item.takes
        ):
            return State.DONE
        case Phase.ACCEPTED | Phase.READY | Phase.STALLED | Phase.EXPIRED:
            return State.PENDING if item.sent else None
        case Phase.LOST | Phase.BAD_CONTENT:
            return State.LOST if item.sent else None
        case Phase.FAILED if item.charged is False:
            return State.NOT_CHARGED if item.request_id is None else State.FAILED
        case Phase.FAILED:
            return State.FAILED_CHARGED if item.sent else None
        case Phase.DONE:
            return State.DONE
    assert_never(item.phase)


# ---------------------------------------------------------------- two copies of one entry


def join_entries(one: Entry, other: Entry) -> Entry:
    """Return what two copies of one entry say together.

    The job is that of the higher revision. What is known of the submission is what both know, unless they hold different
    ids: then a person corrected one, and what was fetched by the wrong id does not count. So the output counts only where
    both the revision and the id are the higher ones.
    """
    if one == other and _shown(one) == _shown(other):
        return one
    proof, owner = max(map(_proof, (one, other))), max(map(_owner, (one, other)))
    proven = tuple(entry for entry in (one, other) if _proof(entry) == proof)
    best = max(proven, key=_knowledge)
    outputs = [entry.output for entry in proven if _owner(entry) == owner and entry.output is not None]
    return replace(
        best,
        job=owner[1],
        revision=owner[0],
        takes=united(take for entry in proven for take in entry.takes),
        output=max(outputs, key=_output_order, default=None),
        receipt=_receipt(best.receipt, one.receipt, other.receipt),
    )


def _output_order(output: Output) -> tuple[str, ...]:
    return (output.path, output.sha256, output.profile or "", repr(output.finished))


def _owner(entry: Entry) -> tuple[int, str]:
    return (entry.revision, entry.job)


def _proof(entry: Entry) -> tuple[bool, int, str]:
    """Order entries by their id: one that a person told later, then any before none; a receipt before none at all."""
    receipt = entry.receipt
    if receipt is None:
        return (False, 0, "")
    return (True, receipt.told, receipt.request_id.digest if receipt.request_id else "")


def _knowledge(entry: Entry) -> tuple[int | str, ...]:
    receipt = entry.receipt
    known = (receipt.submitted_at, receipt.price_usd or "", receipt.poll_url or "") if receipt else ("", "", "")
    sent = (entry.fingerprint, entry.model, entry.seed_param or "", entry.roll, entry.roll_of or "")
    return (entry.state.rank, *known, *sent)


def _receipt(best: Receipt | None, one: Receipt | None, other: Receipt | None) -> Receipt | None:
    if best is None or one is None or other is None:
        return best
    ids: dict[str, ProviderJobId] = {}
    for item in (*_ids(one), *_ids(other)):
        # An id that one copy hides is private, and stays hidden.
        ids[item.digest] = item if item.plain is None else ids.get(item.digest, item)
    held = None if best.request_id is None else ids.pop(best.request_id.digest)
    return replace(best, request_id=held, earlier_ids=frozenset(ids.values()))


def _ids(receipt: Receipt) -> tuple[ProviderJobId, ...]:
    """Return every id that a receipt was known by."""
    return (*(() if receipt.request_id is None else (receipt.request_id,)), *receipt.earlier_ids)


def _shown(entry: Entry) -> frozenset[str]:
    """Return the ids of an entry as they are written: two that are equal may differ in whether they are hidden."""
    return frozenset() if entry.receipt is None else frozenset(map(str, _ids(entry.receipt)))


def united(takes: Iterable[Take]) -> tuple[Take, ...]:
    """Return each piece of audio once, in an order that does not depend on the order of the copies."""
    by_piece: dict[tuple[int, str], Take] = {}
    for take in takes:
        piece, other = (take.number, take.sha256), by_piece.get((take.number, take.sha256), take)
        by_piece[piece] = (
            take if take == other else max(other, take, key=lambda item: (item.measured.known, repr(item)))
        )
    return tuple(by_piece[piece] for piece in sorted(by_piece))


# ---------------------------------------------------------------- two copies of one lock


def join(one: Lock, other: Lock) -> Lock:
    """Return the lock that knows what both know."""
    entries = dict(one.entries)
    for attempt, entry in other.entries.items():
        mine = entries.get(attempt)
        entries[attempt] = entry if mine is None else join_entries(mine, entry)
    return replace(
        one,
        entries=_named_once(entries),
        picks=_said_of_jobs(one.picks, other.picks, _last_picks),
        approvals=_said_of_jobs(one.approvals, other.approvals, frozenset),
        ratings=_said_of_jobs(one.ratings, other.ratings, last_words),
        forgotten=one.forgotten | other.forgotten,
    )


def _said_of_jobs(
    one: Mapping[str, frozenset[_Said]],
    other: Mapping[str, frozenset[_Said]],
    counting: Callable[[frozenset[_Said]], frozenset[_Said]],
) -> dict[str, frozenset[_Said]]:
    """Return job → what people said in one of two copies, as far as it is `counting`."""
    both = {job: counting(one.get(job, frozenset()) | other.get(job, frozenset())) for job in {*one, *other}}
    return {job: said for job, said in both.items() if said}


def _last_picks(picks: frozenset[Pick]) -> frozenset[Pick]:
    """Return the picks that no other one replaced, each once."""
    replaces: dict[Pick, frozenset[str]] = {}
    for pick in picks:
        bare = replace(pick, replaces=frozenset())
        replaces[bare] = replaces.get(bare, frozenset()) | pick.replaces
    return last_words(replace(bare, replaces=names) for bare, names in replaces.items())


def with_submissions(lock: Lock, submissions: Iterable[Submission]) -> Lock:
    """Return the lock with what a journal knows of paid submissions.

    The job and output of an entry stay. A submission that the lock lacks and that can still be finished is the newest
    of its job; one that is finished comes after all that the lock has, so that a lock that was reverted stays so. One
    that was forgotten is taken in only where the lock has it: a copy that still had it was merged.
    """
    entries, revision = dict(lock.entries), lock.revision
    names = _Names(entries)
    for item in submissions:
        found = entry_of(item)
        if found is None:
            continue
        mine = entries.get(names.of(found))
        if mine is not None and _is_known(found, mine):
            continue
        if mine is not None:
            known = replace(found, attempt=mine.attempt, job=mine.job, revision=mine.revision, output=mine.output)
            joined = join_entries(_as_told(mine, known), _as_told(known, mine))
            del entries[mine.attempt]
            attempt = min(mine.attempt, found.attempt, key=is_version_1)
            entries[attempt] = replace(joined, attempt=attempt)
        elif found.state is not State.NOT_CHARGED and found.attempt not in lock.forgotten:
            waits = found.state in {State.UNKNOWN, State.PENDING, State.LOST}
            revision += waits
            entries[found.attempt] = replace(found, revision=revision if waits else 0)
    return replace(lock, entries=_named_once(entries))


def _is_known(found: Entry, mine: Entry) -> bool:
    """Say whether an entry has all that a journal knows of its submission."""
    if (found.attempt, found.state, found.takes) != (mine.attempt, mine.state, mine.takes):
        return False
    if found.receipt is None or mine.receipt is None:
        return found.receipt is mine.receipt
    return _proof(found) == _proof(mine) and found.receipt.earlier_ids <= mine.receipt.earlier_ids


class _Names:
    """Under which attempt a submission is known: a lock of version 1 gave it a name of its own."""

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        self._entries = entries
        self._by_proof: dict[tuple[str, ...], str] = {}
        for attempt in sorted(entries, reverse=True):
            proof = _same_submission(entries[attempt])
            if proof is not None:
                self._by_proof[proof] = attempt

    def of(self, entry: Entry) -> str:
        """Return the attempt under which the entries know this one; its own where they do not."""
        proof = _same_submission(entry)
        other = self._by_proof.get(proof) if proof is not None else None
        if entry.attempt in self._entries or other is None:
            return entry.attempt
        return other if is_version_1(other) or is_version_1(entry.attempt) else entry.attempt


def _named_once(entries: dict[str, Entry]) -> dict[str, Entry]:
    """Give the receipts that a lock of version 1 named by their content the attempts that others know them by."""
    old = sorted(filter(is_version_1, entries))
    names: dict[tuple[str, ...], str] = {}
    if old:
        for attempt in sorted(entries.keys() - set(old), reverse=True):
            names |= dict.fromkeys(_proofs(entries[attempt]), attempt)
    waiting = [*old]
    while waiting:
        attempt = waiting.pop()
        found = min((names[proof] for proof in _proofs(entries[attempt]) if proof in names), default=None)
        if found is None:
            continue
        mine = entries[found]
        entries[found] = join_entries(mine, _as_told(replace(entries.pop(attempt), attempt=found), mine))
        fresh = [proof for proof in _proofs(entries[found]) if proof not in names]
        if fresh:
            names |= dict.fromkeys(fresh, found)
            # What this one alone was known by may be what another one is known by.
            waiting = [name for name in old if name in entries]
    return entries


def _as_told(entry: Entry, mine: Entry) -> Entry:
    """Return a copy of `mine` from a lock of version 1, or a journal's, which may not know how often its id was told."""
    if entry.receipt is None or mine.receipt is None or entry.request_id != mine.request_id:
        return entry
    return replace(entry, receipt=replace(entry.receipt, told=max(entry.receipt.told, mine.receipt.told)))


def _proofs(entry: Entry) -> frozenset[tuple[str, ...]]:
    """Return all that tells a submission from all others, whatever its attempt is called and whatever id it had before."""
    ids = () if entry.receipt is None else _ids(entry.receipt)
    by_content = _same_submission(entry) if not ids else None
    known = frozenset((provider_of(entry.model), item.digest) for item in ids)
    return known | {by_content} if by_content is not None else known


def _same_submission(entry: Entry) -> tuple[str, ...] | None:
    """Return what tells a submission from all others, whatever its attempt is called; None where nothing does."""
    if entry.receipt is None:
        return None
    if entry.request_id is not None:
        return (provider_of(entry.model), entry.request_id.digest)
    if not entry.takes:
        return None
    return (entry.fingerprint, entry.receipt.submitted_at, entry.takes[0].sha256)


def is_version_1(attempt: str) -> bool:
    """Say whether an attempt was named for a receipt of a lock of version 1."""
    return attempt.startswith(VERSION_1)


def provider_of(model: str) -> str:
    """Return the provider of a model, which is its folder, even for a model that is no longer in the catalog."""
    return model.partition("/")[0]


def receipts(lock: Lock) -> frozenset[tuple[str, ProviderJobId]]:
    """Return (provider, its job id) of every receipt in the lock."""
    return frozenset(
        (provider_of(entry.model), entry.request_id) for entry in lock.entries.values() if entry.request_id is not None
    )
