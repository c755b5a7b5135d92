"""The lock as a run knows it: what is learned stays, and whose a submission is has one answer at any time."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from runner.records.lock import Lock, Output, State
from runner.records.pick import Pick
from runner.records.rating import Rating
from runner.records.words import names_until
from runner.state.ledger import Ledger
from tests.support.made import entry, lock, sha, take

WAITS = entry(state=State.PENDING, revision=0)
DONE = entry(revision=0, path=None)
PLACED = Output(path="audio/title.wav", sha256=sha("one"))


def test_a_ledger_without_changes_is_the_lock_that_it_was_made_of() -> None:
    held = lock(entry(), rehearsal=True)
    assert Ledger(held).lock is held


def test_what_is_new_is_the_newest_of_the_whole_lock() -> None:
    ledger = Ledger(lock(entry(revision=4)))
    assert ledger.learn(replace(WAITS, attempt="a2")).revision == 5
    assert ledger.learn(replace(WAITS, attempt="a3", job="other")).revision == 6
    assert [item.attempt for item in ledger.of_job("title")] == ["a2", "a1"]


def test_a_pick_counts_for_what_is_the_newest() -> None:
    picks = {"title": frozenset({Pick(sha256=sha("one"), revision=9)})}
    ledger = Ledger(lock(entry(), picks=picks))
    assert ledger.learn(replace(WAITS, attempt="a2")).revision == 10
    assert ledger.lock.picks == picks


def test_what_is_learned_of_a_known_submission_leaves_its_job_its_output_and_its_revision() -> None:
    ledger = Ledger(Lock())
    ledger.learn(WAITS)
    ledger.give(WAITS, "opening", PLACED)
    learned = ledger.learn(replace(DONE, job="title"))
    assert (learned.state, learned.takes) == (State.DONE, DONE.takes)
    assert (learned.job, learned.output, learned.revision) == ("opening", PLACED, 2)
    assert ledger.get("a1") == learned


def test_what_is_learned_never_moves_back() -> None:
    ledger = Ledger(lock(entry()))
    before = ledger.lock
    assert ledger.learn(WAITS) == entry()
    assert ledger.lock is before, "nothing changed"


def test_a_job_and_an_output_have_the_entries_that_were_given_to_them_last() -> None:
    ledger = Ledger(lock(entry()))
    given = ledger.give(entry(), "opening", Output(path="audio/opening.wav", sha256=sha("one")))
    assert (given.revision, ledger.of_job("title"), ledger.of_job("opening")) == (2, (), (given,))
    assert (ledger.at_path("audio/title.wav"), ledger.at_path("audio/opening.wav")) == ((), (given,))
    ledger.give(given, "opening", None)
    assert ledger.at_path("audio/opening.wav") == ()


def test_two_entries_may_have_been_placed_at_one_path() -> None:
    other = entry({"prompt": "old", "seed": 7}, take("old"), attempt="a0", job="other", request_id="ace_0")
    assert Ledger(lock(entry(), other)).at_path("audio/title.wav") == (other, entry())


@pytest.mark.parametrize("state", State)
def test_the_ledger_and_the_lock_that_it_gives_agree(state: State) -> None:
    ledger = Ledger(lock(entry(attempt="a0", request_id="ace_0")))
    ledger.learn(entry(state=state, revision=0, path=None))
    held = ledger.lock
    assert {job: ledger.of_job(job) for job in held.jobs} == held.jobs
    assert {path: ledger.at_path(path) for path in held.at_path} == held.at_path
    assert held.revision == 2
    current = held.current("title")
    assert current is not None
    assert current.attempt == ("a1" if state.is_live else "a0")


def test_a_lock_that_was_given_does_not_change_any_more() -> None:
    ledger = Ledger(Lock())
    before = ledger.lock
    ledger.learn(WAITS)
    assert (before.entries, list(ledger.lock.entries)) == ({}, ["a1"])


def test_a_rating_takes_the_place_of_those_that_it_replaces_and_goes_with_a_renamed_job() -> None:
    first = Rating(sha256=sha("one"), by="Ada", at="2026-11-20T12:00:00Z", stars=2)
    of_bob = replace(first, by="Bob", note="too loud")
    ledger = Ledger(lock(entry(), ratings={"title": frozenset({first, of_bob})}))
    better = replace(first, stars=4, replaces=names_until((first,)))
    ledger.rate("title", better)
    assert ledger.lock.ratings == {"title": {better, of_bob}}
    ledger.inherit("opening", ledger.lock, "title")
    assert set(ledger.lock.rated("opening", sha("one"))) == {better, of_bob}
    ledger.forget("title")
    assert ledger.lock.ratings.keys() == {"opening"}
    ledger.inherit("title", ledger.lock, "other")
    assert ledger.lock.ratings.keys() == {"opening"}, "nobody said anything of it"


def test_a_free_result_that_was_rated_stays_in_the_lock() -> None:
    old = entry(attempt="a1", model="local/sketch", local=True, path=None)
    new = entry({"prompt": "loud"}, take("two"), attempt="a2", model="local/sketch", local=True, revision=2)
    held = lock(old, new)
    assert [item.attempt for item in held.written("title")] == ["a2"]
    rating = Rating(sha256=sha("one"), by="Ada", at="2026-11-20T12:00:00Z", note="keep it")
    kept = replace(held, ratings={"title": frozenset({rating})})
    assert [item.attempt for item in kept.written("title")] == ["a2", "a1"]
