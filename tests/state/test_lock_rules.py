"""What a submission looks like in the lock, and what two copies of one say together, case by case."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from runner.records.lock import Entry, Lock, Output, ProviderJobId, Receipt, State
from runner.records.submission import Phase
from runner.state.lock_rules import (
    entry_of,
    is_version_1,
    join,
    join_entries,
    provider_of,
    receipts,
    united,
    with_submissions,
)
from tests.support.made import entry, lock, sha, submission, take

if TYPE_CHECKING:
    from runner.records.submission import Submission

DONE = entry()
"""Finished, receipt ace_1, its take at audio/title.wav."""
WAITS = entry(state=State.PENDING)
"""The same submission, accepted, not finished."""
OTHER = entry({"prompt": "high strings", "seed": 7}, take("other"), attempt="a3", revision=3, request_id="ace_3")
LOCAL = entry({"prompt": "a drum", "seed": 7}, take("drum"), attempt="a4", model="local/sketch", local=True)
MADE = (take(),)


# ---------------------------------------------------------------- what a submission looks like in the lock

STATES: dict[Phase, State | None] = {
    Phase.PLANNED: None,
    Phase.NOT_SENT: None,
    Phase.INTENT: State.UNKNOWN,
    Phase.ANSWERED: State.UNKNOWN,
    Phase.UNKNOWN: State.UNKNOWN,
    Phase.ACCEPTED: State.PENDING,
    Phase.STALLED: State.PENDING,
    Phase.EXPIRED: State.PENDING,
    Phase.READY: State.PENDING,
    Phase.FETCHED: State.PENDING,
    Phase.PLACED: State.PENDING,
    Phase.DONE: State.DONE,
    Phase.LOST: State.LOST,
    Phase.BAD_CONTENT: State.LOST,
    Phase.REJECTED: State.FAILED,
    Phase.FAILED: State.FAILED_CHARGED,
}


@pytest.mark.parametrize("phase", Phase)
def test_each_phase_has_its_state_in_the_lock(phase: Phase) -> None:
    found = entry_of(submission(phase=phase))
    assert (found.state if found else None) == STATES[phase]


@pytest.mark.parametrize("phase", Phase)
def test_only_what_is_done_has_takes_and_takes_that_were_fetched_once_are_not_lost_when_they_are_fetched_again(
    phase: Phase,
) -> None:
    found = entry_of(submission(phase=phase, takes=MADE))
    fetched_before = {
        Phase.DONE, Phase.ACCEPTED, Phase.READY, Phase.STALLED, Phase.EXPIRED, Phase.LOST, Phase.BAD_CONTENT
    }  # fmt: skip
    assert (found.takes if found else ()) == (MADE if phase in fetched_before else ())
    assert (found is not None and found.state is State.DONE) == (phase in fetched_before)


@pytest.mark.parametrize(
    ("phase", "over", "state"),
    [
        (Phase.FAILED, {"charged": False}, State.FAILED),
        (Phase.FAILED, {"charged": True}, State.FAILED_CHARGED),
        (Phase.FAILED, {"charged": None}, State.FAILED_CHARGED),
        (Phase.FAILED, {"charged": False, "request_id": None}, State.NOT_CHARGED),
        (Phase.FAILED, {"charged": None, "request_id": None}, State.FAILED_CHARGED),
        (Phase.REJECTED, {"request_id": None}, State.NOT_CHARGED),
    ],
)
def test_an_end_is_free_only_where_that_is_proven(phase: Phase, over: dict[str, Any], state: State) -> None:
    found = entry_of(submission(phase=phase, **over))
    assert found is not None
    assert found.state is state


@pytest.mark.parametrize("phase", Phase)
def test_what_was_made_here_is_in_the_lock_once_it_is_done(phase: Phase) -> None:
    made_here: dict[str, Any] = {"model": "local/sketch", "sent": False, "request_id": None, "submitted_at": None}
    found = entry_of(submission(phase=phase, takes=MADE, **made_here))
    if phase is Phase.DONE:
        assert found is not None
        assert (found.receipt, found.takes) == (None, MADE)
    elif phase in {Phase.PLANNED, Phase.NOT_SENT, Phase.FETCHED, Phase.PLACED}:
        assert found is None
    elif found is not None and found.state is not State.DONE:
        assert phase in {Phase.INTENT, Phase.ANSWERED, Phase.UNKNOWN, Phase.REJECTED}, "nothing is sent by it"


def test_an_entry_says_what_the_submission_says() -> None:
    found = entry_of(
        submission(told=2, earlier_ids=frozenset({ProviderJobId.of("ace_0")}), poll_url="https://x.example/1")
    )
    assert found is not None
    assert found.receipt == Receipt(
        request_id=ProviderJobId.of("ace_1"),
        price_usd="0.10",
        submitted_at="2026-11-20T12:00:00Z",
        poll_url="https://x.example/1",
        told=2,
        earlier_ids=frozenset({ProviderJobId.of("ace_0")}),
    )
    bare = (found.attempt, found.job, found.revision, found.model, found.request, found.fingerprint, found.seed_param)
    assert bare == ("a1", "title", 0, WAITS.model, WAITS.request, WAITS.fingerprint, "seed")
    assert found.output is None


def test_of_a_private_id_only_the_digest_enters_the_lock() -> None:
    found = entry_of(submission(request_id="user:1", poll_url="https://api.example/user:1", private=True))
    assert found is not None
    assert found.receipt is not None
    assert (str(found.request_id), found.receipt.poll_url) == (str(ProviderJobId.of("user:1").hidden()), None)


def test_what_never_was_answered_was_sent_when_it_was_planned() -> None:
    found = entry_of(submission(phase=Phase.INTENT, request_id=None, submitted_at=None))
    assert found is not None
    assert found.receipt is not None
    assert found.receipt.submitted_at == "2026-11-20T11:59:59Z"


# ---------------------------------------------------------------- two copies of one entry


def told(item: Entry, count: int) -> Entry:
    assert item.receipt is not None
    return replace(item, receipt=replace(item.receipt, told=count))


@pytest.mark.parametrize("one", State)
@pytest.mark.parametrize("other", State)
def test_of_two_states_the_later_one_is_right(one: State, other: State) -> None:
    first, second = entry(state=one), entry(state=other)
    joined = join_entries(first, second)
    assert joined == join_entries(second, first)
    assert joined.state is max(one, other, key=lambda state: state.rank)
    assert joined.takes == (first if one is joined.state else second).takes


def test_a_free_end_never_hides_a_receipt_and_a_receipt_never_hides_takes() -> None:
    freed, unknown = (entry(state=state, request_id=None) for state in (State.NOT_CHARGED, State.UNKNOWN))
    assert join_entries(freed, unknown).state is State.NOT_CHARGED, "a person decided"
    assert join_entries(freed, WAITS).state is State.PENDING, "an id proves that it was accepted"
    assert join_entries(DONE, WAITS).takes == DONE.takes


def test_job_and_output_are_those_of_the_higher_revision_whatever_the_state() -> None:
    moved = replace(WAITS, job="opening", revision=2, output=None)
    joined = join_entries(DONE, moved)
    assert (joined.job, joined.revision, joined.output) == ("opening", 2, None)
    assert (joined.state, joined.takes) == (State.DONE, DONE.takes)


def test_of_one_revision_the_order_of_the_copies_decides_nothing() -> None:
    copies = (DONE, replace(DONE, job="b"), replace(DONE, job="b", output=Output(path="b.wav", sha256=sha("one"))))
    joined = {repr(join_entries(join_entries(a, b), c)) for a, b, c in permutations(copies)}
    assert len(joined) == 1


def test_takes_of_both_copies_are_kept_in_one_order() -> None:
    one, two = entry(None, take("one")), entry(None, take("one"), take("two"))
    assert join_entries(one, two).takes == join_entries(two, one).takes == two.takes
    again = entry(None, take("another first"))
    assert {item.sha256 for item in join_entries(one, again).takes} == {sha("one"), sha("another first")}


def test_the_id_that_was_told_last_is_right_and_the_other_is_kept_as_an_earlier_one() -> None:
    wrong, right = told(entry(request_id="wrong"), 1), told(entry(state=State.PENDING, request_id="right"), 2)
    for joined in (join_entries(wrong, right), join_entries(right, wrong)):
        assert (str(joined.request_id), joined.state, joined.takes) == ("right", State.PENDING, ())
        assert joined.receipt is not None
        assert (joined.receipt.told, joined.receipt.earlier_ids) == (2, frozenset({ProviderJobId.of("wrong")}))


def test_an_id_comes_before_none_and_a_told_one_before_one_that_was_not() -> None:
    none = entry(state=State.UNKNOWN, request_id=None)
    assert str(join_entries(none, WAITS).request_id) == "ace_1"
    corrected = told(entry(state=State.PENDING, request_id="another"), 1)
    assert str(join_entries(corrected, WAITS).request_id) == "another"


def test_a_digest_on_one_side_hides_the_id_of_both() -> None:
    hidden = entry(state=State.PENDING, request_id=str(ProviderJobId.of("ace_1").hidden()))
    for joined in (join_entries(WAITS, hidden), join_entries(hidden, WAITS)):
        assert joined.request_id is not None
        assert joined.request_id.plain is None


def test_united_takes_do_not_depend_on_their_order() -> None:
    takes = entry(None, take("one"), take("two"), take("three")).takes
    assert {united(order) for order in permutations(takes)} == {takes}
    assert united([*takes, *takes]) == takes


def test_of_two_copies_of_a_take_the_one_that_was_measured_stays() -> None:
    bare, measured = take("one"), take("one", codec="mp3", lufs=-16.0)
    assert united([bare, measured]) == united([measured, bare]) == (measured,)


# ---------------------------------------------------------------- a lock and what a journal knows


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (lock(), lock(WAITS)),
        (lock(OTHER), lock(OTHER, replace(WAITS, revision=4))),
        (lock(WAITS), lock(WAITS)),
        (lock(replace(WAITS, job="opening")), lock(replace(WAITS, job="opening"))),
        (lock(DONE), lock(DONE)),
        (lock(entry(state=State.UNKNOWN, request_id=None)), lock(WAITS)),
        (lock(entry(attempt="v1-old", state=State.PENDING)), lock(WAITS)),
    ],
    ids=[
        "a new one",
        "beside a finished one",
        "known",
        "known under another job",
        "finished elsewhere",
        "its payment status was unknown",
        "named by version 1",
    ],
)
def test_an_accepted_submission_enters_the_lock_once(before: Lock, after: Lock) -> None:
    found = with_submissions(before, (submission(),))
    assert found == after
    assert with_submissions(found, (submission(),)) == found


@pytest.mark.parametrize("phase", [Phase.FAILED, Phase.REJECTED])
def test_a_submission_that_came_to_nothing_stays_in_the_lock_and_is_not_current(phase: Phase) -> None:
    item = submission(phase=phase, charged=False)
    found = with_submissions(lock(OTHER, WAITS), (item,))
    assert found.entries["a1"].state is State.FAILED
    assert found.current("title") == OTHER
    assert found.entries["a3"] == OTHER


def test_what_was_rejected_before_it_entered_the_lock_never_does() -> None:
    rejected = submission(phase=Phase.REJECTED, request_id=None)
    assert with_submissions(lock(), (rejected,)) == lock()
    unknown = entry(state=State.UNKNOWN, request_id=None)
    freed = with_submissions(lock(unknown), (rejected,)).entries["a1"]
    assert freed.state is State.NOT_CHARGED, "an old copy that says that it is unknown must not come back"
    assert join(lock(freed), lock(unknown)) == lock(freed)


@pytest.mark.parametrize("phase", Phase)
def test_only_what_still_needs_somebody_becomes_the_current_one_of_its_job(phase: Phase) -> None:
    found = with_submissions(lock(OTHER), (submission(phase=phase),))
    waits = STATES[phase] in {State.UNKNOWN, State.PENDING, State.LOST}
    current = found.current("title")
    assert current is not None
    assert current.attempt == ("a1" if waits else "a3"), "a lock that was reverted stays so"


def test_what_the_journal_finished_comes_back_behind_what_the_lock_has() -> None:
    done = submission(phase=Phase.DONE, takes=MADE)
    found = with_submissions(lock(OTHER), (done,))
    assert [(item.attempt, item.revision) for item in found.jobs["title"]] == [("a3", 3), ("a1", 0)]
    assert found.entries["a1"] == replace(DONE, revision=0, output=None)


def test_several_that_wait_are_as_new_as_they_are_in_the_journal() -> None:
    items = [submission(attempt=f"b{number}", request_id=f"id_{number}") for number in range(3)]
    found = with_submissions(lock(OTHER), items)
    assert [item.attempt for item in found.jobs["title"]] == ["b2", "b1", "b0", "a3"]


@pytest.mark.parametrize(
    "items",
    [
        (),
        (submission(),),
        (submission(phase=Phase.FAILED),),
        (submission(phase=Phase.REJECTED, request_id=None),),
        (submission(attempt="a9", request_id="ace_9"), submission(phase=Phase.DONE, takes=MADE)),
    ],
)
def test_no_rule_loses_a_paid_receipt(items: tuple[Submission, ...]) -> None:
    full = lock(DONE, OTHER, LOCAL, entry(attempt="a2", state=State.PENDING, request_id="ace_2"))
    assert receipts(with_submissions(full, items)) >= receipts(full)


def test_every_receipt_in_the_lock_is_seen_once() -> None:
    full = lock(DONE, OTHER, LOCAL, entry(attempt="a2", state=State.FAILED_CHARGED, request_id="ace_2"))
    assert receipts(full) == {("pixazo", ProviderJobId.of(f"ace_{number}")) for number in (1, 2, 3)}


def test_the_provider_of_a_model_is_its_folder_and_version_1_names_are_told_apart() -> None:
    assert provider_of("pixazo/gone") == "pixazo"
    assert (is_version_1("v1-0123"), is_version_1("0123")) == (True, False)
