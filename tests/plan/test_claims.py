"""Which paid submission belongs to which job: each is given once, to the job whose name it has before any other."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from runner.plan.claims import Claims, pinned, satisfies
from runner.plan.fingerprint import fingerprint
from runner.records.lock import State
from tests.support.catalog import shipped_catalog
from tests.support.made import TRACKS, XL, entry, known, lock, request, submission

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.records.lock import Entry
    from runner.records.request import Request

LIVE = [state for state in State if state.is_live]
NO_SEED = "pixazo/lyria-3-pro"
PROMPT = {"prompt": "low brass"}


def claims(*requests: Request, held: tuple[Entry, ...] = (), **over: Any) -> Claims:
    values: dict[str, Any] = {"models": shipped_catalog().models, "lock": lock(*held)} | over
    return Claims(requests, **values)


def held(attempt: str, job: str = "title", params: dict[str, Any] | None = None, **over: Any) -> Entry:
    """Return an entry with a receipt and a revision of its own, of the request that `request()` makes."""
    values: dict[str, Any] = {"request_id": f"id_{attempt}", "revision": int(attempt[1:])} | over
    return entry(params, attempt=attempt, job=job, **values)


def given(found: Claims, *requests: Request) -> dict[str, str | None]:
    """Return job → the attempt that it has."""
    owned = {request.job: found.of(request) for request in requests}
    return {job: item.attempt if item else None for job, item in owned.items()}


# ---------------------------------------------------------------- a job's own


@pytest.mark.parametrize("state", LIVE)
def test_of_several_submissions_of_a_job_the_newest_is_its_own_and_the_others_are_left_over(state: State) -> None:
    """The newest is what a person asked for last; what was paid for before is finished into the store."""
    waiting = tuple(held(name, state=state) for name in ("a1", "a2", "a3"))
    found = claims(request(), held=waiting)
    assert found.of(request()) == waiting[2]
    assert found.left_over == waiting[:2]
    assert found.owners == {}


def test_of_two_of_one_revision_the_later_one_is_newer_then_the_attempt_decides() -> None:
    early, late = held("a2", revision=1), held("a1", revision=1)
    assert late.receipt is not None
    late = replace(late, receipt=replace(late.receipt, submitted_at="2026-11-20T13:00:00Z"))
    assert claims(request(), held=(early, late)).of(request()) == late
    same = held("a1", revision=1)
    assert claims(request(), held=(early, same)).of(request()) == early


def test_a_jobs_own_comes_before_a_newer_one_that_nobody_asks_for() -> None:
    own, gone = held("a1"), held("a2", "gone")
    found = claims(request(), held=(own, gone))
    assert (found.of(request()), found.left_over) == (own, (gone,))


def test_what_its_own_job_still_asks_for_is_nobody_elses() -> None:
    both = request(), request("other")
    assert given(claims(*both, held=(held("a1"),)), *both) == {"title": "a1", "other": None}


@pytest.mark.parametrize("changed", [request(params={"prompt": "other"}), request(model=TRACKS)])
def test_what_its_own_job_does_not_ask_for_any_more_is_free(changed: Request) -> None:
    other = request("other")
    found = claims(changed, other, held=(held("a1"),))
    assert given(found, changed, other) == {"title": None, "other": "a1"}
    assert found.owners == {"a1": "other"}


def test_a_job_that_has_its_piece_is_given_no_other() -> None:
    gone = held("a2", "gone", state=State.PENDING)
    found = claims(request(), held=(held("a1"), gone))
    assert given(found, request()) == {"title": "a1"}
    assert found.left_over == (gone,)


def test_a_job_that_has_another_piece_is_given_one_that_it_asks_for() -> None:
    older = held("a1", params={"prompt": "old", "seed": 7})
    found = claims(request(), held=(older, held("a2", "gone")))
    assert given(found, request()) == {"title": "a2"}
    assert found.left_over == (older,)
    assert (found.leaves(older), found.leaves(held("a2", "gone"))) == (True, False)


@pytest.mark.parametrize("state", State)
def test_only_what_is_live_is_given(state: State) -> None:
    found = claims(request(), held=(held("a1", state=state),))
    assert (found.of(request()) is not None) == state.is_live
    assert found.left_over == ()


# ---------------------------------------------------------------- what is left over


def test_the_best_that_is_left_over_is_given_first() -> None:
    """Done before pending, before lost, before unknown; of equal ones the newest."""
    states = (State.UNKNOWN, State.LOST, State.PENDING, State.DONE, State.DONE)
    gone = tuple(held(f"a{number}", "gone", state=state) for number, state in enumerate(states, start=1))
    jobs = tuple(request(name) for name in "vwxyz")
    assert given(claims(*jobs, held=gone), *jobs) == {"v": "a5", "w": "a4", "x": "a3", "y": "a2", "z": "a1"}


def test_every_live_state_has_its_place_among_what_is_left_over() -> None:
    for state in LIVE:
        assert given(claims(request("new"), held=(held("a1", "gone", state=state),)), request("new")) == {"new": "a1"}


def test_each_submission_is_given_once() -> None:
    one, two = request("one"), request("two")
    assert given(claims(one, two, held=(held("a1", "gone"),)), one, two) == {"one": "a1", "two": None}


def test_what_is_given_does_not_depend_on_the_order_in_the_lock() -> None:
    jobs = tuple(request(name) for name in ("title", "new", "newer"))
    pieces = (held("a1"), held("a2", "gone"), held("a3", "gone", state=State.PENDING), held("a4", "past"))
    found = {tuple(given(claims(*jobs, held=order), *jobs).values()) for order in permutations(pieces)}
    assert found == {("a1", "a4", "a2")}


# ---------------------------------------------------------------- twins and swaps


def test_twins_keep_a_piece_each() -> None:
    both = request("one"), request("two")
    pieces = (held("a1", "one"), held("a2", "two"))
    for order in (pieces, pieces[::-1]):
        assert given(claims(*both, held=order), *both) == {"one": "a1", "two": "a2"}


def test_a_twin_that_is_renamed_gets_the_piece_that_is_left_over_and_its_brother_keeps_its_own() -> None:
    pieces = (held("a1", "one"), held("a2", "two"))
    for jobs in ((request("one"), request("new")), (request("new"), request("one"))):
        assert given(claims(*jobs, held=pieces), *jobs) == {"one": "a1", "new": "a2"}


def test_two_jobs_that_swap_their_prompts_swap_their_pieces_and_nothing_is_made() -> None:
    high = {"prompt": "high strings", "seed": 7}
    swapped = request("low", params=high), request("high")
    found = claims(*swapped, held=(held("a1", "low"), held("a2", "high", high)))
    assert given(found, *swapped) == {"low": "a2", "high": "a1"}
    assert found.owners == {"a2": "low", "a1": "high"}
    assert found.left_over == ()


def test_three_jobs_that_change_names_in_a_ring_keep_all_their_pieces() -> None:
    words = ("a", "b", "c")
    pieces = tuple(held(f"a{number}", word, {"prompt": word, "seed": 7}) for number, word in enumerate(words, 1))
    ring = tuple(
        request(job, params={"prompt": word, "seed": 7}) for job, word in zip(words, ("b", "c", "a"), strict=True)
    )
    assert given(claims(*ring, held=pieces), *ring) == {"a": "a2", "b": "a3", "c": "a1"}


# ---------------------------------------------------------------- seeds


def test_a_written_seed_asks_for_just_this_seed() -> None:
    fixed, auto = request(seed_mode="fixed", seed=8), request("auto")
    assert given(claims(fixed, auto, held=(held("a1"),)), fixed, auto) == {"title": None, "auto": "a1"}


def test_a_written_seed_is_served_before_one_that_is_left_open() -> None:
    seven, eight = (held(f"a{seed}", "gone", PROMPT | {"seed": seed}) for seed in (7, 8))
    auto, fixed = request("auto", seed=99), request("fixed", seed_mode="fixed", seed=8)
    for jobs in ((auto, fixed), (fixed, auto)):
        assert given(claims(*jobs, held=(seven, eight)), *jobs) == {"auto": "a7", "fixed": "a8"}


def test_a_job_whose_seed_is_written_later_keeps_a_piece_of_that_seed_only() -> None:
    seven, eight = (held(f"a{seed}", params=PROMPT | {"seed": seed}) for seed in (7, 8))
    for seed, attempt in ((7, "a7"), (8, "a8"), (9, None)):
        asked = request(seed_mode="fixed", seed=seed)
        assert given(claims(asked, held=(seven, eight)), asked) == {"title": attempt}


@pytest.mark.parametrize("mode", ["auto", "random"])
def test_a_seed_that_nobody_wrote_is_that_of_the_entry(mode: Any) -> None:
    loose = request(seed_mode=mode, seed=None if mode == "random" else 99)
    assert pinned(loose, entry()).params["seed"] == 7
    assert satisfies(loose, entry())


@pytest.mark.parametrize(
    ("asked", "made"),
    [
        (request(seed_mode="fixed", seed=8), entry()),
        (request(seed=8), entry(model=TRACKS)),
        (request(seed_mode="none", seed=None), entry()),
    ],
    ids=["another written seed", "another model", "no seed was written for a model that takes one"],
)
def test_no_other_seed_is_touched(asked: Request, made: Entry) -> None:
    assert pinned(asked, made) == asked
    assert not satisfies(asked, made)


def test_a_model_that_learned_to_take_a_seed_keeps_what_was_made_without_one() -> None:
    before = held("a1", params=PROMPT, seed_param=None)
    asked = request(seed=99)
    assert given(claims(asked, held=(before,)), asked) == {"title": "a1"}
    assert pinned(asked, before).params == PROMPT
    fixed = request(seed_mode="fixed", seed=99)
    assert given(claims(fixed, held=(before,)), fixed) == {"title": None}


def test_a_model_that_lost_its_seed_keeps_what_was_made_with_one() -> None:
    before = held("a1", model=NO_SEED)
    asked = request(model=NO_SEED, seed=None, seed_mode="none")
    assert given(claims(asked, held=(before,)), asked) == {"title": "a1"}
    assert pinned(asked, before).params == PROMPT | {"seed": 7}


def test_a_seed_whose_parameter_was_renamed_stays_that_of_the_entry() -> None:
    before = held("a1", params=PROMPT | {"random_seed": 5}, seed_param="random_seed")
    asked = request(seed=99)
    assert given(claims(asked, held=(before,)), asked) == {"title": "a1"}
    assert pinned(asked, before).params == PROMPT | {"random_seed": 5}


def test_a_model_that_is_gone_from_the_catalog_hides_nothing() -> None:
    gone = held("a1", "gone", model="pixazo/gone")
    found = claims(request(), held=(gone, held("a2")))
    assert (given(found, request()), found.left_over) == ({"title": "a2"}, (gone,))


# ---------------------------------------------------------------- rolls


def rolled(attempt: str, job: str = "title", seed: int = 100, **over: Any) -> Entry:
    """Return a roll of the request that `request()` makes."""
    return held(attempt, job, PROMPT | {"seed": seed}, roll=1, **over)


@pytest.mark.parametrize("mode", ["auto", "fixed"])
def test_a_roll_is_never_what_a_job_has_while_there_is_the_submission_that_it_is_a_roll_of(mode: Any) -> None:
    base, roll = held("a1"), rolled("a2")
    found = claims(request(seed_mode=mode), held=(base, roll))
    assert found.of(request()) == base
    assert found.family(request()) == (roll, base)
    assert found.owners == {}


def test_a_roll_of_a_model_without_a_seed_is_told_from_what_it_is_a_roll_of() -> None:
    asked = request(model=NO_SEED, seed=None, seed_mode="none")
    base = held("a1", model=NO_SEED, params=PROMPT, seed_param=None)
    roll = held("a2", model=NO_SEED, params=PROMPT, seed_param=None, roll=1, roll_of=base.fingerprint)
    assert roll.fingerprint == base.fingerprint
    assert claims(asked, held=(base, roll)).of(asked) == base


def test_a_roll_is_not_given_to_a_twin_of_its_job_which_is_made() -> None:
    both = request(), request("other")
    assert given(claims(*both, held=(held("a1"), rolled("a2"))), *both) == {"title": "a1", "other": None}


def test_a_roll_follows_what_it_is_a_roll_of_to_another_job() -> None:
    pieces = (held("a1"), rolled("a2"), rolled("a3", seed=101, state=State.PENDING), rolled("a4", "else"))
    found = claims(request("new"), held=pieces)
    assert found.owners == {"a2": "new", "a3": "new", "a1": "new"}
    assert [item.attempt for item in found.left_over] == ["a2", "a3", "a4"], "what is not finished is collected"


def test_what_was_replaced_follows_too_unless_another_job_asks_for_it() -> None:
    older, newer = held("a1"), held("a2")
    assert claims(request("new"), held=(older, newer)).owners == {"a1": "new", "a2": "new"}
    both = request("new"), request("newer")
    assert claims(*both, held=(older, newer)).owners == {"a2": "new", "a1": "newer"}


def test_a_seed_that_is_written_later_is_served_by_the_roll_that_has_it() -> None:
    asked = request(seed_mode="fixed", seed=100)
    found = claims(asked, held=(held("a1"), rolled("a2")))
    assert given(found, asked) == {"title": "a2"}
    assert [item.attempt for item in found.family(asked)] == ["a1", "a2"]


def test_a_roll_serves_the_request_itself_where_nothing_else_is_left_of_it() -> None:
    ended = held("a1", state=State.FAILED_CHARGED)
    assert given(claims(request(seed=99), held=(ended, rolled("a2"))), request()) == {"title": "a2"}


# ---------------------------------------------------------------- with a journal


def test_what_only_the_journal_knows_is_newer_while_it_waits_and_older_once_it_is_done() -> None:
    own = entry(request_id="ace_0", attempt="a0", revision=5)
    waits = submission(attempt="a1")
    assert given(claims(request(), lock=known(own, submissions=(waits,))[0]), request()) == {"title": "a1"}
    done = submission(phase=waits.phase.DONE, attempt="a1", takes=own.takes)
    assert given(claims(request(), lock=known(own, submissions=(done,))[0]), request()) == {"title": "a0"}


def test_pieces_are_told_apart_by_their_attempts_and_not_by_their_bytes() -> None:
    both = request("one"), request("two")
    same = (held("a1", "gone"), held("a2", "gone"))
    assert same[0].takes == same[1].takes
    assert set(given(claims(*both, held=same), *both).values()) == {"a1", "a2"}


def test_the_model_of_these_tests_takes_a_seed_and_the_other_does_not() -> None:
    models = shipped_catalog().models
    assert models[XL].seed is not None
    assert models[NO_SEED].seed is None


def test_each_request_is_compared_once_however_many_ask_for_the_same_text(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str] = []

    def noted(model: str, params: Mapping[str, Any]) -> str:
        compared.append(model)
        return fingerprint(model, params)

    count = 60
    jobs = tuple(request(f"new{seed}", seed_mode="fixed", seed=seed) for seed in range(count))
    made = tuple(held(f"a{seed}", f"gone{seed}", {**PROMPT, "seed": seed}) for seed in reversed(range(count)))
    monkeypatch.setattr("runner.plan.claims.fingerprint", noted)
    found = claims(*jobs, held=made)
    assert given(found, *jobs) == {f"new{seed}": f"a{seed}" for seed in range(count)}
    assert len(compared) <= 3 * count
