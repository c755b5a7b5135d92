"""Whose is a receipt: each is claimed once, by the job whose name it has or by one that asks for just this."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from runner.plan.claims import Claims, paid_for, pinned, satisfies
from runner.records.lock import Lock
from runner.records.submission import Phase
from tests.support.catalog import shipped_catalog
from tests.support.made import TRACKS, entry, request, submission, take

if TYPE_CHECKING:
    from runner.records.lock import Entry
    from runner.records.request import Request


def claims(*requests: Request, lock: dict[str, Entry] | None = None, **known: Any) -> Claims:
    values: dict[str, Any] = {"submissions": (), "finished": ()} | known
    return Claims(requests, models=shipped_catalog().models, lock=Lock(jobs=lock or {}), **values)


# ---------------------------------------------------------------- unfinished submissions


def test_of_several_open_submissions_of_a_job_the_newest_is_taken_and_the_others_are_left_over() -> None:
    """The newest is what a person asked for last; what was paid for before is finished into the store."""
    waiting = tuple(submission(attempt=name) for name in ("a1", "a2", "a3"))
    found = claims(request(), submissions=waiting)
    assert found.submission(request()) == waiting[2]
    assert found.unclaimed() == waiting[:2]


def test_of_several_that_nobody_wants_the_newest_is_taken_too() -> None:
    gone = tuple(submission("gone", attempt=name) for name in ("a1", "a2"))
    found = claims(request("new"), submissions=gone)
    assert found.submission(request("new")) == gone[1]
    assert found.unclaimed() == gone[:1]


def test_a_jobs_own_submission_comes_before_a_newer_one_that_nobody_wants() -> None:
    own, gone = submission(), submission("gone", attempt="a2")
    assert claims(request(), submissions=(own, gone)).submission(request()) == own


def test_each_submission_is_claimed_once() -> None:
    one, two = request("one"), request("two")
    found = claims(one, two, submissions=(submission("gone"),))
    assert found.submission(one) is not None
    assert found.submission(two) is None


def test_what_its_own_job_still_asks_for_is_nobody_elses() -> None:
    assert claims(request(), request("other"), submissions=(submission(),)).submission(request("other")) is None


def test_what_its_own_job_does_not_ask_for_any_more_is_free() -> None:
    changed = request(params={"prompt": "other"})
    found = claims(changed, request("other"), submissions=(submission(),))
    assert found.submission(changed) is None
    assert found.submission(request("other")) is not None


def test_a_job_whose_model_changed_lets_its_submission_go() -> None:
    other_model = request(model=TRACKS)
    found = claims(other_model, request("other"), submissions=(submission(),))
    assert found.submission(request("other")) is not None


def test_a_job_that_has_its_piece_takes_no_submission_of_another() -> None:
    found = claims(request(), lock={"title": entry()}, submissions=(submission("gone"),))
    assert found.submission(request()) is None
    assert len(found.unclaimed()) == 1


def test_a_job_that_has_another_piece_takes_one() -> None:
    older = entry({"prompt": "old", "seed": 7})
    found = claims(request(), lock={"title": older}, submissions=(submission("gone"),))
    assert found.submission(request()) is not None


@pytest.mark.parametrize("phase", list(Phase))
def test_only_what_is_open_or_in_doubt_is_a_claim(phase: Phase) -> None:
    over = phase in (Phase.PLANNED, Phase.NOT_SENT, Phase.REJECTED, Phase.FAILED, Phase.DONE)
    found = claims(request(), submissions=(submission(phase=phase),))
    assert (found.submission(request()) is None) == over


def test_a_written_seed_asks_for_just_this_seed() -> None:
    asked = request(seed_mode="fixed", seed=8)
    found = claims(asked, request("auto"), submissions=(submission(),))
    assert found.submission(asked) is None
    assert found.submission(request("auto")) is not None


# ---------------------------------------------------------------- entries of the lock


def test_a_jobs_own_entry_comes_before_one_that_nobody_asks_for() -> None:
    lock = {"gone": entry(None, take("two")), "title": entry()}
    assert claims(request(), lock=lock).entry(request()) == ("title", lock["title"])


def test_an_entry_is_claimed_once() -> None:
    found = claims(request("one"), request("two"), lock={"gone": entry()})
    assert found.entry(request("one")) is not None
    assert found.entry(request("two")) is None


def test_an_entry_that_its_job_asks_for_is_nobody_elses() -> None:
    assert claims(request(), request("other"), lock={"title": entry()}).entry(request("other")) is None


def test_an_entry_of_another_written_seed_is_not_ours() -> None:
    assert (
        claims(request(seed_mode="fixed", seed=8), lock={"gone": entry()}).entry(request(seed_mode="fixed", seed=8))
        is None
    )


def test_orphans_are_what_no_job_has_or_claimed() -> None:
    lock = {name: entry({"prompt": name, "seed": 7}) for name in ("b-gone", "a-gone", "title")}
    title = request(params={"prompt": "title"})
    assert claims(title, lock=lock).orphans() == ("a-gone", "b-gone")
    renamed = claims(title, request("new", params={"prompt": "b-gone"}), lock=lock)
    assert renamed.entry(request("new", params={"prompt": "b-gone"})) is not None
    assert renamed.orphans() == ("a-gone",)


# ---------------------------------------------------------------- what the journal says was made


def test_what_was_made_before_is_the_newest_of_this_job_then_the_newest_of_one_that_is_gone() -> None:
    made = [
        (job, entry(None, take(word))) for job, word in [("title", "1"), ("title", "2"), ("gone", "3"), ("gone", "4")]
    ]
    found = claims(request(), request("new"), finished=tuple(made))
    assert found.made_before(request()) == made[1][1]
    assert found.made_before(request("new")) == made[3][1]


def test_what_was_made_before_is_given_to_one_job() -> None:
    found = claims(request("one"), request("two"), finished=(("gone", entry()),))
    assert found.made_before(request("one")) is not None
    assert found.made_before(request("two")) is None


def test_what_the_lock_has_for_a_job_is_not_given_to_another_from_the_journal() -> None:
    found = claims(request(), request("new"), lock={"title": entry()}, finished=(("gone", entry()),))
    assert found.made_before(request("new")) is None


def test_what_was_claimed_from_the_lock_is_not_given_again_from_the_journal() -> None:
    found = claims(request("one"), request("two"), lock={"gone": entry()}, finished=(("gone", entry()),))
    assert found.entry(request("one")) is not None
    assert found.made_before(request("two")) is None


def test_what_was_made_with_another_written_seed_is_not_ours() -> None:
    asked = request(seed_mode="fixed", seed=8)
    assert claims(asked, finished=(("title", entry()),)).made_before(asked) is None


# ---------------------------------------------------------------- seeds


def test_a_seed_that_nobody_wrote_is_that_of_the_entry() -> None:
    loose = request(seed=99)
    assert pinned(loose, entry()).params["seed"] == 7
    assert satisfies(loose, entry())


@pytest.mark.parametrize(
    ("asked", "made"),
    [
        (request(seed_mode="fixed", seed=8), entry()),
        (request(seed=8), entry(model=TRACKS)),
        (request(seed=8), entry({"prompt": "low brass"})),
        (request(model="pixazo/lyria-3-pro", seed=None), entry()),
    ],
)
def test_no_other_seed_is_touched(asked: Request, made: Entry) -> None:
    assert pinned(asked, made) == asked
    assert not satisfies(asked, made)


def test_an_entry_holds_what_it_has_and_the_paid_one_it_stands_in_front_of() -> None:
    from dataclasses import replace

    paid = entry()
    in_front = replace(entry(None, take("two")), paid=paid)
    assert list(paid_for(in_front)) == [in_front, paid]
    assert list(paid_for(replace(in_front, takes=()))) == [paid]
    assert list(paid_for(replace(paid, takes=()))) == []
