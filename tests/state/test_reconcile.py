"""What a lock and a journal know together: each learns what the other knows, once, and neither loses a receipt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from runner.records.lock import Entry, Lock, Output, ProviderJobId, State
from runner.records.lock_json import take_to_json
from runner.records.submission import A_PERSON, THE_LOCK, Event, Phase, Submission
from runner.state.lock_rules import entry_of, receipts
from runner.state.reconcile import Reconciled, missing_rows
from runner.state.submissions import advance, fold
from tests.support.made import XL, entry, lock, sha, take

if TYPE_CHECKING:
    from collections.abc import Iterable

AT = "2026-11-20T12:00:00Z"
PARAMS = {"prompt": "low brass", "seed": 7}
NEEDS_ID = {Phase.ACCEPTED, Phase.READY, Phase.FETCHED, Phase.PLACED, Phase.DONE, Phase.STALLED} | {
    Phase.LOST,
    Phase.EXPIRED,
    Phase.BAD_CONTENT,
}
"""The phases that a submission reaches after it was accepted."""
MADE_TAKES = {Phase.FETCHED, Phase.PLACED, Phase.DONE}
DATA: dict[Phase, dict[str, Any]] = {
    Phase.ANSWERED: {"reply": {"status": 200, "headers": {}, "body": ""}},
    Phase.READY: {"media": []},
    Phase.FETCHED: {"takes": [take_to_json(take())]},
}
"""What the rows of these phases cannot be without."""


def row(phase: Phase, attempt: str = "a1", job: str = "title", **data: Any) -> Event:
    return Event(at=AT, job=job, attempt=attempt, phase=phase, data=data)


def planned(attempt: str = "a1", job: str = "title", **over: Any) -> Event:
    sent = {"model": XL, "params": PARAMS, "fingerprint": entry().fingerprint, "seed_param": "seed"}
    price = {"price_usd": "0.10", "private": False}
    return row(Phase.PLANNED, attempt, job, **(sent | price | over))


def rows_to(phase: Phase, attempt: str = "a1", *, charged: bool | None = None, known: str = "ace_1") -> list[Event]:
    """Return the rows of a submission up to a phase."""
    rows = [planned(attempt)]
    if phase is not Phase.PLANNED:
        rows.append(row(Phase.INTENT, attempt))
    if phase in NEEDS_ID:
        rows.append(row(Phase.ACCEPTED, attempt, request_id=known))
    if phase in MADE_TAKES:
        rows.append(row(Phase.FETCHED, attempt, **DATA[Phase.FETCHED]))
    ends: dict[str, Any] = {"charged": charged} if charged is not None else {}
    return [*rows, row(phase, attempt, **DATA.get(phase, {}), **ends)]


HISTORIES = {phase.value: rows_to(phase) for phase in Phase if phase is not Phase.PLANNED} | {
    "nothing": [],
    "planned": [planned()],
    "failed, not charged": rows_to(Phase.FAILED, charged=False),
    "accepted and failed": [*rows_to(Phase.ACCEPTED), row(Phase.FAILED)],
    "accepted and failed, not charged": [*rows_to(Phase.ACCEPTED), row(Phase.FAILED, charged=False)],
    "accepted and rejected by a person": [*rows_to(Phase.ACCEPTED), row(Phase.REJECTED, via=A_PERSON)],
    "told": [*rows_to(Phase.UNKNOWN), row(Phase.ACCEPTED, request_id="ace_1", via=A_PERSON)],
    "told another": [*rows_to(Phase.UNKNOWN), row(Phase.ACCEPTED, request_id="ace_9", via=A_PERSON)],
    "corrected": [
        *rows_to(Phase.UNKNOWN),
        row(Phase.ACCEPTED, request_id="ace_9", via=A_PERSON),
        row(Phase.FETCHED, **DATA[Phase.FETCHED]),
        row(Phase.ACCEPTED, request_id="ace_1", via=A_PERSON),
    ],
    "fetched again": [*rows_to(Phase.DONE), row(Phase.ACCEPTED)],
    "fetched again and lost": [*rows_to(Phase.DONE), row(Phase.ACCEPTED), row(Phase.LOST)],
    "another take": [
        *rows_to(Phase.ACCEPTED),
        row(Phase.FETCHED, takes=[take_to_json(take("two"))]),
        row(Phase.DONE),
    ],
    "without an id": [planned(), row(Phase.INTENT), row(Phase.ACCEPTED)],
    "private": [planned(private=True), row(Phase.INTENT), row(Phase.ACCEPTED, request_id="ace_1")],
}


def told(item: Entry, count: int, *earlier: str) -> Entry:
    assert item.receipt is not None
    ids = frozenset(map(ProviderJobId.of, earlier))
    return replace(item, receipt=replace(item.receipt, told=count, earlier_ids=ids))


SOUND = [
    (state, known)
    for state in State
    for known in ("ace_1", None)
    if (state, known is None) not in {(State.UNKNOWN, False), (State.NOT_CHARGED, False), (State.FAILED, True)}
]
"""Each state with an id and without one, where there is such a submission."""
ENTRIES = {f"{state}, {known}": entry(state=state, request_id=known) for state, known in SOUND} | {
    "hidden": entry(state=State.PENDING, request_id=str(ProviderJobId.of("ace_1").hidden())),
    "hidden, done": entry(request_id=str(ProviderJobId.of("ace_1").hidden())),
    "told once": told(entry(state=State.PENDING), 1),
    "told twice": told(entry(state=State.PENDING, request_id="ace_8"), 2, "ace_9"),
    "told twice, done": told(entry(request_id="ace_8"), 2, "ace_9"),
    "two takes": entry(None, take("one"), take("two")),
    "another job": entry(job="opening", path="audio/opening.wav"),
    "at no output": entry(path=None),
}
"""What a lock may say of the same attempt."""


def again(known: Reconciled, rows: Iterable[Event], of: Lock) -> Reconciled:
    """Return what a run finds that opens after the missing rows were written."""
    return Reconciled(of, [*rows, *known.missing])


@pytest.mark.parametrize("held", ENTRIES)
def test_what_was_learned_once_is_not_learned_again(held: str) -> None:
    for history in HISTORIES:
        rows, before = HISTORIES[history], lock(ENTRIES[held])
        known = Reconciled(before, rows)
        assert again(known, rows, known.lock).missing == ()
        assert again(known, rows, before).missing == (), "the lock was not written"
        for after in (again(known, rows, known.lock), again(known, rows, before)):
            assert after.submissions == known.submissions
            # Takes that were fetched and not yet placed count as made once another machine says that the id is right.
            counted = replace(known.lock.entries["a1"], state=State.DONE, takes=after.lock.entries["a1"].takes)
            assert after.lock in (known.lock, lock(counted))
            assert after.lock == known.lock or (held, history) in {("told once", "fetched"), ("told once", "placed")}
        assert set(receipts(known.lock)) >= {
            (provider, id_) for provider, id_ in receipts(before) if id_ not in earlier(known.lock)
        }


def earlier(held: Lock) -> set[ProviderJobId]:
    return {id_ for item in held.entries.values() if item.receipt for id_ in item.receipt.earlier_ids}


@pytest.mark.parametrize("held", ENTRIES)
def test_no_state_moves_back_and_no_take_of_the_same_id_is_lost(held: str) -> None:
    for history in HISTORIES:
        rows, mine = HISTORIES[history], ENTRIES[held]
        found = Reconciled(lock(mine), rows).lock.entries["a1"]
        item = fold(rows).get("a1")
        own = None if item is None else entry_of(item)
        assert (found.job, found.output, found.revision) == (mine.job, mine.output, mine.revision)
        for known in (mine, *([own] if own else [])):
            if known.request_id == found.request_id:
                assert found.state.rank >= known.state.rank or known.request_id is None
                assert {item.sha256 for item in known.takes} <= {item.sha256 for item in found.takes}
            elif known.request_id is not None:
                assert known.request_id in earlier(lock(found)), "an id that was replaced is kept"


@pytest.mark.parametrize("history", HISTORIES)
def test_a_journal_read_at_once_and_row_by_row_says_the_same(history: str) -> None:
    known: Submission | None = None
    for number, event in enumerate(HISTORIES[history], start=1):
        known = advance(known, event)
        assert fold(HISTORIES[history][:number]) == {"a1": known}


@pytest.mark.parametrize("history", HISTORIES)
def test_a_journal_alone_and_the_lock_that_it_makes_know_the_same(history: str) -> None:
    rows = HISTORIES[history]
    known = Reconciled(Lock(), rows)
    assert known.missing == ()
    assert list(known.submissions) == list(fold(rows))
    assert again(known, rows, known.lock).lock == known.lock


@pytest.mark.parametrize("held", ENTRIES)
def test_a_journal_that_was_lost_comes_back_from_the_lock(held: str) -> None:
    mine = ENTRIES[held]
    known = Reconciled(lock(mine), ())
    (item,) = known.submissions.values()
    assert {event.data["via"] for event in known.missing} == {THE_LOCK}
    assert mine.receipt is not None
    assert {event.at for event in known.missing} == {mine.receipt.submitted_at}
    own = entry_of(item)
    assert own is not None
    assert (own.request_id, own.job, own.takes) == (mine.request_id, mine.job, mine.takes)
    assert own.receipt is not None
    assert (own.receipt.told, own.receipt.price_usd) == (mine.receipt.told, mine.receipt.price_usd)
    assert own.state is mine.state


# ---------------------------------------------------------------- which rows

OLD = "v1-" + "0" * 24
PLAN = {
    "model": XL,
    "params": PARAMS,
    "fingerprint": entry().fingerprint,
    "seed_param": "seed",
    "price_usd": "0.10",
    "private": False,
    "via": THE_LOCK,
}


@pytest.mark.parametrize(
    ("state", "known", "phases"),
    [
        (State.UNKNOWN, None, ["planned", "unknown"]),
        (State.NOT_CHARGED, None, ["planned", "unknown", "rejected"]),
        (State.PENDING, "ace_1", ["planned", "accepted"]),
        (State.PENDING, None, ["planned", "accepted"]),
        (State.LOST, "ace_1", ["planned", "accepted", "lost"]),
        (State.FAILED, "ace_1", ["planned", "accepted", "failed"]),
        (State.FAILED_CHARGED, "ace_1", ["planned", "accepted", "failed"]),
        (State.DONE, "ace_1", ["planned", "accepted", "fetched", "done"]),
        (State.DONE, None, ["planned", "accepted", "fetched", "done"]),
    ],
)
def test_a_submission_of_another_machine_gets_the_rows_of_its_state(
    state: State, known: str | None, phases: list[str]
) -> None:
    rows = list(missing_rows(None, entry(state=state, request_id=known)))
    assert [event.phase.value for event in rows] == phases
    assert rows[0].data == {name: value for name, value in PLAN.items() if known or name != "private"}
    (item,) = fold(rows).values()
    own = entry_of(item)
    assert own is not None
    assert own.state is state


@pytest.mark.parametrize("state", [State.UNKNOWN, State.PENDING, State.DONE])
def test_a_roll_of_another_machine_stays_one_of_its_request(state: State) -> None:
    rolled = entry({"prompt": "low brass", "seed": 8}, state=state, roll=2, request_id="ace_1", path=None)
    rows = list(missing_rows(None, rolled))
    assert (rows[0].data["roll"], rows[0].data["roll_of"]) == (2, entry().fingerprint)
    (item,) = fold(rows).values()
    own = entry_of(item)
    assert own is not None
    assert (own.roll, own.roll_of, own.base) == (2, entry().fingerprint, entry().fingerprint)
    assert Reconciled(Lock(), rows).lock.entries["a1"].base == entry().fingerprint


def test_of_a_receipt_that_a_lock_hides_only_the_digest_enters_the_journal_and_no_other_lock() -> None:
    hidden = ProviderJobId.of("user:1").hidden()
    known = Reconciled(lock(entry(state=State.PENDING, request_id=str(hidden))), ())
    assert known.missing[0].data["private"] is True
    assert "poll_url" not in known.missing[1].data
    (item,) = known.submissions.values()
    assert item.is_hidden


def test_what_was_made_here_gets_no_rows() -> None:
    assert Reconciled(lock(entry(local=True)), ()).missing == ()


def test_a_submission_belongs_to_the_job_that_the_lock_names() -> None:
    moved = entry(state=State.PENDING, job="opening")
    known = Reconciled(lock(moved), rows_to(Phase.ACCEPTED))
    assert known.missing == ()
    assert known.submissions["a1"].job == "opening"


def test_of_what_only_the_journal_knows_what_waits_is_the_newest_and_what_is_done_the_oldest() -> None:
    own = entry(attempt="a0", request_id="ace_0", revision=4)
    waits = Reconciled(lock(own), rows_to(Phase.ACCEPTED)).lock
    assert [(item.attempt, item.revision) for item in waits.jobs["title"]] == [("a1", 5), ("a0", 4)]
    done = Reconciled(lock(own), rows_to(Phase.DONE)).lock
    assert [(item.attempt, item.revision) for item in done.jobs["title"]] == [("a0", 4), ("a1", 0)]


# ---------------------------------------------------------------- private ids


@pytest.mark.parametrize(
    "held", [lock(), lock(entry(state=State.PENDING, request_id=str(ProviderJobId.of("ace_1").hidden())))]
)
def test_an_id_of_which_a_journal_of_an_earlier_version_does_not_say_that_it_may_be_shown_is_a_digest(
    held: Lock,
) -> None:
    rows = [
        planned(private=None),
        row(Phase.INTENT),
        row(Phase.ACCEPTED, request_id="ace_1", poll_url="https://x/ace_1"),
    ]
    found = Reconciled(held, rows).lock.entries["a1"]
    assert found.request_id is not None
    assert found.request_id.plain is None
    assert found.receipt is not None
    assert found.receipt.poll_url is None


def test_an_id_that_the_lock_shows_is_shown_again() -> None:
    rows = [planned(private=None), row(Phase.INTENT), row(Phase.ACCEPTED, request_id="ace_1")]
    for attempt in ("a1", OLD):
        found = Reconciled(lock(entry(attempt=attempt)), rows).lock.entries["a1"]
        assert found.request_id is not None
        assert found.request_id.plain == "ace_1"


@pytest.mark.parametrize("private", [True, False])
def test_an_id_that_a_person_tells_on_another_machine_is_as_private_as_its_provider_says(private: bool) -> None:
    first = Reconciled(lock(entry(state=State.UNKNOWN, request_id=None)), ())
    told_there = row(Phase.ACCEPTED, request_id="ace_1", private=private, via=A_PERSON)
    found = Reconciled(first.lock, [*first.missing, told_there]).lock.entries["a1"]
    assert found.request_id is not None
    assert (found.request_id.plain is None) == private


# ---------------------------------------------------------------- receipts that version 1 named


def test_a_journal_that_knows_a_receipt_of_version_1_under_its_real_attempt_names_it() -> None:
    output = Output(path="audio/title.wav", sha256=sha("one"))
    for history in ("accepted", "done", "stalled", "told", "fetched again and lost"):
        rows = HISTORIES[history]
        known = Reconciled(lock(entry(attempt=OLD, revision=2)), rows)
        (found,) = known.lock.entries.values()
        assert (found.attempt, found.state, found.revision, found.output) == ("a1", State.DONE, 2, output), history
        assert list(known.submissions) == ["a1"]
        after = again(known, rows, known.lock)
        assert (after.missing, after.lock) == ((), known.lock)
        late = again(known, rows, lock(entry(attempt=OLD, revision=2)))
        assert (late.missing, late.lock) == ((), known.lock), "a lock of version 1 is met again"


def test_a_journal_that_got_a_receipt_from_a_lock_of_version_1_learns_its_real_attempt() -> None:
    first = Reconciled(lock(entry(attempt=OLD)), ())
    assert list(first.submissions) == [OLD]
    second = Reconciled(lock(entry(attempt="a1")), first.missing)
    assert (list(second.lock.entries), list(second.submissions)) == (["a1"], ["a1"])
    rows = [*first.missing, *second.missing]
    for held in (lock(entry(attempt="a1")), lock(entry(attempt=OLD)), lock(entry(attempt=OLD), entry(attempt="a1"))):
        third = Reconciled(held, rows)
        assert (third.missing, list(third.lock.entries), list(third.submissions)) == ((), ["a1"], ["a1"])


@pytest.mark.parametrize("order", [(OLD, "a1"), ("a1", OLD)])
def test_one_receipt_under_both_names_is_one_entry_although_no_lock_is_left(order: tuple[str, str]) -> None:
    rows = [event for attempt in order for event in Reconciled(lock(entry(attempt=attempt)), ()).missing]
    known = Reconciled(Lock(), rows)
    assert (list(known.lock.entries), list(known.submissions)) == (["a1"], ["a1"])


def test_two_real_attempts_stay_two_whatever_their_ids_are() -> None:
    rows = [*rows_to(Phase.ACCEPTED, "a1"), *rows_to(Phase.ACCEPTED, "a2")]
    assert set(Reconciled(Lock(), rows).lock.entries) == {"a1", "a2"}
