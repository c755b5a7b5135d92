"""The laws of `join`, over random locks: whatever copies meet, in whatever order, nothing is lost and nothing depends on it.

What the copies of one world have in common is what is true of it: an attempt has one request, an id is one submission's
alone and was told at one time, and what a lock of version 1 knows of a submission is called the same everywhere.
"""

from __future__ import annotations

import json
from functools import reduce
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from runner.records.approval import Approval, in_force
from runner.records.lock import Entry, Lock, Output, ProviderJobId, State
from runner.records.pick import Pick
from runner.records.rating import Rating
from runner.records.words import last_words, names_until
from runner.state.lock_parsing import parse_lock
from runner.state.lock_rules import VERSION_1, is_version_1, join, join_entries
from runner.state.lock_text import render_lock
from tests.support.long import sampled
from tests.support.made import entry, finished, lock, sha, take

if TYPE_CHECKING:
    from collections.abc import Iterable

EMPTY = Lock()
JOBS = ("a", "b", "c")
WITHOUT_ID = (State.UNKNOWN, State.NOT_CHARGED, State.FAILED_CHARGED)
WITH_ID = (State.PENDING, State.LOST, State.FAILED, State.FAILED_CHARGED, State.DONE)
LOCAL, AT_ONCE = "made-here", "answered-at-once"
"""A free result, and a submission that a provider answers at once, without an id."""
LOCAL_ROLL = "rolled-here"
ROLLS = {"a2": 1, "a3": 2, LOCAL_ROLL: 1}
"""The attempts that are rolls."""


@st.composite
def ids(draw: st.DrawFn, attempt: str) -> tuple[ProviderJobId, int, frozenset[ProviderJobId]]:
    """An id that a submission may have, how often one was told, and those that it had before."""

    def made(told: int) -> ProviderJobId:
        known = ProviderJobId.of(f"{attempt}-{told}-{draw(st.sampled_from('xy')) if told else ''}")
        return known.hidden() if draw(st.booleans()) else known

    told = draw(st.integers(0, 2))
    earlier = frozenset(made(number) for number in range(told) if draw(st.booleans()))
    return made(told), told, earlier


MEASURED: list[dict[str, Any]] = [{}, {"lufs": -16.0}, {"codec": "mp3"}, {"codec": "mp3", "lufs": -16.0}]


@st.composite
def copies(draw: st.DrawFn, attempt: str) -> Entry:
    """What one copy of a lock may say of an attempt."""
    if attempt in (LOCAL, LOCAL_ROLL):
        copy = entry(attempt=attempt, model="local/sketch", local=True, path=None)
    elif attempt == AT_ONCE:
        copy = entry(attempt=attempt, request_id=None, path=None)
    elif draw(st.booleans()):
        known, told, earlier = draw(ids(attempt))
        copy = entry(attempt=attempt, state=draw(st.sampled_from(WITH_ID)), request_id=str(known), path=None)
        assert copy.receipt is not None
        copy = replace(copy, receipt=replace(copy.receipt, request_id=known, told=told, earlier_ids=earlier))
    else:
        copy = entry(attempt=attempt, state=draw(st.sampled_from(WITHOUT_ID)), request_id=None)
    if copy.state is State.DONE:
        words = draw(st.sets(st.integers(1, 3), min_size=1))
        if attempt == AT_ONCE:
            words = {1}
        path = draw(st.sampled_from([None, "audio/a.wav", "audio/b.wav"]))
        measured = draw(st.sampled_from(MEASURED))
        takes = (take(f"{attempt} {number}", number=number, **measured) for number in sorted(words))
        copy = replace(copy, takes=tuple(takes))
        first, how = copy.takes[0], draw(st.sampled_from([None, "loud", "soft"]))
        output = Output(path=path, sha256=first.sha256) if path else None
        if path is not None and how is not None:
            output = finished(how, first, how, path, lufs=draw(st.sampled_from([None, -16.0, -16.1])))
        copy = replace(copy, output=output)
    if attempt in ROLLS:
        copy = replace(copy, roll=ROLLS[attempt], roll_of=copy.fingerprint)
    return replace(copy, job=draw(st.sampled_from(JOBS)), revision=draw(st.integers(0, 3)))


def as_version_1(copy: Entry) -> Entry | None:
    """Return what a lock of version 1 says of a submission; None where it had no place for it."""
    if copy.receipt is None or copy.state not in (State.PENDING, State.DONE):
        return None
    name = copy.request_id.digest if copy.request_id else copy.attempt
    receipt = replace(copy.receipt, told=0, earlier_ids=frozenset())
    return replace(copy, attempt=f"{VERSION_1}{sha(name)[:24]}", receipt=receipt)


def picked(word: str, revision: int, *before: Pick) -> Pick:
    """Return a pick by somebody who knew of these."""
    return Pick(sha256=sha(word), revision=revision, replaces=names_until(before))


FIRST = picked("p", 1)
MINE, THEIRS = picked("q", 2, FIRST), picked("r", 5, FIRST)
LAST = picked("p", 7, MINE, THEIRS)
UNDONE = replace(picked("q", 6, FIRST, MINE), sha256=None)
PICKS = [
    frozenset(picks) for picks in ((FIRST,), (MINE,), (THEIRS,), (MINE, THEIRS), (LAST,), (UNDONE,), (UNDONE, THEIRS))
]
"""What copies of a lock may say of one job: two people picked without knowing of each other, then one settled it."""
SAID = Approval(sha256=sha("p"), by="Ada", at="2026-11-20T12:00:00Z")
WITHDRAWN = replace(SAID, by="Bob", at="2026-11-20T13:00:00Z", withdraws=frozenset({SAID.name}))
AGAIN = replace(SAID, at="2026-11-20T14:00:00Z", note="louder")
APPROVALS = [frozenset(words) for words in ((SAID,), (SAID, WITHDRAWN), (WITHDRAWN,), (SAID, WITHDRAWN, AGAIN))]
"""What people may have said of a take."""


def rated(by: str, stars: int | None, *before: Rating) -> Rating:
    """Return a rating by somebody who knew of these."""
    return Rating(sha256=sha("p"), by=by, at="2026-11-20T12:00:00Z", stars=stars, replaces=names_until(before))


FAIR = rated("Ada", 3)
GOOD, BAD = rated("Ada", 4, FAIR), rated("Ada", 1, FAIR)
TAKEN_BACK = rated("Ada", None, GOOD)
SETTLED = rated("Ada", 3, GOOD, BAD)
OF_BOB = rated("Bob", 3)
RATINGS = [
    frozenset(found)
    for found in (
        (FAIR,), (GOOD,), (BAD, OF_BOB), (GOOD, BAD), (TAKEN_BACK,), (TAKEN_BACK, BAD), (SETTLED, OF_BOB), (OF_BOB,),
    )
]  # fmt: skip
"""What copies of a lock may say of a take: Ada rated it on two branches, took one rating back, and settled it."""


@st.composite
def locks(draw: st.DrawFn) -> Lock:
    """A lock as a run, or a merge, leaves it."""
    known: dict[str, Entry] = {}
    for attempt in sorted(draw(st.sets(st.sampled_from(["a1", "a2", "a3", LOCAL, LOCAL_ROLL, AT_ONCE])))):
        copy = draw(copies(attempt))
        old = as_version_1(copy) if draw(st.booleans()) else None
        kept = old or copy
        known[kept.attempt] = kept
    picks = {job: draw(st.sampled_from(PICKS)) for job in sorted(draw(st.sets(st.sampled_from(JOBS))))}
    forgotten = frozenset(draw(st.sets(st.sampled_from(["a1", "a2", "a9"]))))
    words = {job: draw(st.sampled_from(APPROVALS)) for job in sorted(draw(st.sets(st.sampled_from(JOBS))))}
    ratings = {job: draw(st.sampled_from(RATINGS)) for job in sorted(draw(st.sets(st.sampled_from(JOBS))))}
    return Lock(entries=known, picks=picks, approvals=words, ratings=ratings, forgotten=forgotten)


def texts(lock: Lock) -> str:
    """Return all that a lock says, so that also what two ids hide is compared."""
    return (
        repr((sorted(map(_said, lock.entries.values())), sorted(lock.forgotten)))
        + repr(
            sorted(
                (job, sorted((pick.name, sorted(pick.replaces)) for pick in picks)) for job, picks in lock.picks.items()
            )
        )
        + repr(sorted((job, sorted(word.name for word in words)) for job, words in lock.approvals.items()))
        + repr(sorted((job, sorted(item.name for item in found)) for job, found in lock.ratings.items()))
    )


def _said(entry: Entry) -> str:
    earlier = sorted(map(repr, entry.receipt.earlier_ids)) if entry.receipt else []
    return repr((replace(entry, receipt=entry.receipt and replace(entry.receipt, earlier_ids=frozenset())), earlier))


def same(one: Lock, other: Lock) -> None:
    assert texts(one) == texts(other)


many = settings(max_examples=sampled(25, 500), deadline=None)
pytestmark = pytest.mark.sampled


@many
@given(locks(), locks())
def test_it_does_not_matter_which_copy_comes_first(one: Lock, other: Lock) -> None:
    same(join(one, other), join(other, one))


@many
@given(locks(), locks(), locks())
def test_it_does_not_matter_in_which_order_copies_meet(one: Lock, two: Lock, three: Lock) -> None:
    same(join(join(one, two), three), join(one, join(two, three)))


@many
@given(locks(), locks())
def test_a_copy_that_comes_again_changes_nothing(one: Lock, other: Lock) -> None:
    both = join(one, other)
    same(join(both, other), both)
    same(join(both, both), both)


@many
@given(locks())
def test_an_empty_lock_changes_nothing(one: Lock) -> None:
    same(join(one, EMPTY), one)
    same(join(EMPTY, one), one)


def known_ids(entries: Iterable[Entry]) -> set[str]:
    receipts = [entry.receipt for entry in entries if entry.receipt is not None]
    now = {receipt.request_id.digest for receipt in receipts if receipt.request_id}
    return now | {known.digest for receipt in receipts for known in receipt.earlier_ids}


@many
@given(locks(), locks())
def test_nothing_that_a_copy_knows_is_lost(one: Lock, other: Lock) -> None:
    both = join(one, other)
    for copy in (one, other):
        assert known_ids(copy.entries.values()) <= known_ids(both.entries.values())
        assert set(copy.picks) <= set(both.picks)
        assert all(words <= both.approvals[job] for job, words in copy.approvals.items())
        for job, ratings in copy.ratings.items():
            assert {item.name for item in ratings} <= names_until(both.ratings[job])
        for attempt, before in copy.entries.items():
            after = both.entries.get(attempt)
            if is_version_1(attempt) and after is None:
                continue
            assert after is not None, f"{attempt} is gone"
            assert after.revision >= before.revision
            if before.receipt is None or after.receipt is None:
                assert before.receipt is None
                continue
            assert after.receipt.told >= before.receipt.told
            if (after.receipt.told, after.request_id) == (before.receipt.told, before.request_id):
                assert after.state.rank >= before.state.rank
                known = {(item.number, item.sha256): item.measured.known for item in after.takes}
                assert all(known[item.number, item.sha256] >= item.measured.known for item in before.takes)


@many
@given(locks(), locks())
def test_a_joined_lock_can_be_written_and_read(one: Lock, other: Lock) -> None:
    both = join(one, other)
    read = parse_lock(render_lock(both).decode())
    assert read.picks == both.picks
    assert read.approvals == both.approvals
    assert read.ratings == both.ratings
    kept = {item.attempt: item for job in both.jobs for item in both.written(job)}
    paid_or_placed = {name for name, item in both.entries.items() if item.receipt or item is both.placed(item.job)}
    assert paid_or_placed <= set(kept)
    same(read, replace(both, entries=kept))


def test_an_output_whose_take_was_fetched_by_a_wrong_id_is_gone_with_it() -> None:
    wrong = entry(request_id="ace_1", revision=5)
    told = entry(request_id="ace_2", revision=2, state=State.PENDING)
    assert told.receipt is not None
    told = replace(told, receipt=replace(told.receipt, told=1))
    both = join_entries(wrong, told)
    assert (both.takes, both.output, both.revision) == ((), None, 5)
    assert parse_lock(render_lock(lock(both)).decode()).entries["a1"].request_id == ProviderJobId.of("ace_2")


def test_what_version_1_named_is_found_by_an_id_that_was_replaced_since() -> None:
    old = replace(entry(request_id="ace_1"), attempt=f"{VERSION_1}0123")
    first, told = entry(request_id="ace_1", state=State.PENDING), entry(request_id="ace_2", state=State.PENDING)
    assert told.receipt is not None
    earlier = frozenset({ProviderJobId.of("ace_1")})
    later = replace(told, receipt=replace(told.receipt, told=1, earlier_ids=earlier))
    one = join(join(lock(old), lock(first)), lock(later))
    other = join(lock(old), join(lock(first), lock(later)))
    assert list(one.entries) == list(other.entries) == ["a1"]
    same(one, other)


@pytest.mark.parametrize("hidden_first", [True, False])
def test_an_id_that_one_copy_hides_stays_hidden_also_once_it_is_replaced(hidden_first: bool) -> None:
    plain = entry(request_id="ace_1", state=State.PENDING)
    private = replace(
        plain, receipt=plain.receipt and replace(plain.receipt, request_id=ProviderJobId.of("ace_1").hidden())
    )
    told = entry(request_id="ace_2", state=State.PENDING)
    assert told.receipt is not None
    later = replace(told, receipt=replace(told.receipt, told=1, earlier_ids=frozenset({ProviderJobId.of("ace_1")})))
    found = (private, plain) if hidden_first else (plain, private)
    both = join(join(lock(found[0]), lock(later)), lock(found[1]))
    assert '"ace_1"' not in render_lock(both).decode()
    assert json.loads(render_lock(both))["jobs"]["title"]["submissions"][0]["receipt"]["earlier_ids"]


def test_a_pick_that_replaced_another_counts_whatever_the_order() -> None:
    before, after = (Lock(picks={"title": frozenset({pick})}) for pick in (FIRST, MINE))
    assert join(before, after).picks == join(after, before).picks == after.picks


def test_two_picks_that_do_not_know_of_each_other_are_both_kept_whatever_their_revisions() -> None:
    mine, theirs = (Lock(picks={"title": frozenset({pick})}) for pick in (MINE, THEIRS))
    both = join(mine, theirs)
    assert both.chosen("title") == {sha("q"), sha("r")}
    assert both.picked("title", entry(None, take("q"), take("r"))) is None, "a person has to choose"
    settled = Lock(picks={"title": frozenset({LAST})})
    assert join(both, settled).picks == settled.picks
    assert join(mine, settled).picks == settled.picks


def test_a_withdrawal_counts_for_the_approvals_that_it_names_whatever_the_order() -> None:
    said, withdrawn, again = (Lock(approvals={"title": frozenset({word})}) for word in (SAID, WITHDRAWN, AGAIN))
    for both in (join(said, withdrawn), join(withdrawn, said)):
        assert both.approval("title", sha("p")) is None
        assert in_force(join(both, again).approvals["title"]) == (AGAIN,)


@pytest.mark.parametrize("turned", [False, True])
def test_of_two_ratings_of_one_person_the_one_that_replaced_the_other_counts_whatever_the_order(turned: bool) -> None:
    def both(*found: Rating) -> tuple[Rating, ...]:
        copies = [Lock(ratings={"title": frozenset({item})}) for item in found]
        return reduce(join, reversed(copies) if turned else copies).rated("title", sha("p"))

    assert both(FAIR, GOOD) == (GOOD,)
    assert set(both(GOOD, BAD, OF_BOB)) == {GOOD, BAD, OF_BOB}, "neither knew of the other one"
    assert both(GOOD, BAD, SETTLED) == both(SETTLED, FAIR) == (SETTLED,)
    assert both(GOOD, TAKEN_BACK) == both(FAIR, TAKEN_BACK) == ()
    assert both(TAKEN_BACK, BAD) == (BAD,)


def test_the_same_rating_again_within_a_second_is_another_one() -> None:
    again = rated("Ada", 3, FAIR, GOOD)
    assert again.name != FAIR.name
    assert last_words({FAIR, GOOD, again}) == {again}


def test_a_choice_that_was_undone_counts_no_more_and_one_of_another_branch_is_for_a_person_to_settle() -> None:
    before, undone, theirs = (Lock(picks={"title": frozenset({pick})}) for pick in (MINE, UNDONE, THEIRS))
    assert join(before, undone).chosen("title") == join(undone, before).chosen("title") == {None}
    assert join(undone, theirs).chosen("title") == {None, sha("r")}


def test_the_same_choice_on_two_branches_is_no_conflict() -> None:
    mine, theirs = (Lock(picks={"title": frozenset({picked("q", number, FIRST)})}) for number in (4, 6))
    assert join(mine, theirs).chosen("title") == {sha("q")}
