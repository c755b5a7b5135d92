"""The takes of a family, how they are numbered, and which of them belongs at the output."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from runner.plan.chosen import chosen
from runner.plan.decide import decide
from runner.plan.facts import Facts, Selected
from runner.records import reasons as r
from runner.records.family import family, takes_of
from runner.records.lock import Output, State
from runner.records.pick import Pick
from tests.support.catalog import shipped_catalog
from tests.support.made import entry, known, lock, request, sha, take

if TYPE_CHECKING:
    from runner.records.lock import Entry
    from runner.records.plan import Action, Plan
    from runner.records.request import Request

BASE = entry(None, take("one"), take("two"), attempt="a1", revision=5)


def roll(number: int, word: str, *more: str, attempt: str | None = None, **over: Any) -> Entry:
    """Return an entry of a roll of BASE, with a seed of its own and its takes at no output."""
    name = attempt or f"r{number}"
    values: dict[str, Any] = {"request_id": f"id_{name}", "revision": 10 + number, "path": None} | over
    sent = {"prompt": "low brass", "seed": 100 + number}
    return entry(sent, *map(take, (word, *more)), attempt=name, roll=number, **values)


ROLLS = (roll(1, "three"), roll(2, "four", "five"))
REPLACED = entry(None, take("old"), attempt="a0", revision=2, request_id="ace_0", path=None)


def words(*entries: Entry) -> list[tuple[int, str]]:
    """Return number and hash of every take of the family of BASE."""
    return [(item.number, item.take.sha256) for item in family(entries, BASE.base)]


def numbered(*names: str) -> list[tuple[int, str]]:
    return [(number, sha(name)) for number, name in enumerate(names, start=1)]


# ---------------------------------------------------------------- numbers


def test_takes_are_numbered_through_the_request_and_its_rolls_and_what_was_replaced_comes_last() -> None:
    entries = (REPLACED, BASE, *ROLLS)
    for order in permutations(entries):
        assert words(*order) == numbered("one", "two", "three", "four", "five", "old")


def test_of_two_branches_that_rolled_alike_the_earlier_one_counts_first_then_the_attempt() -> None:
    one, other = roll(1, "mine", attempt="rb"), roll(1, "theirs", attempt="ra")
    assert words(BASE, one, other) == numbered("one", "two", "theirs", "mine")
    assert one.receipt is not None
    earlier = replace(one, receipt=replace(one.receipt, submitted_at="2026-11-20T11:00:00Z"))
    assert words(BASE, earlier, other) == numbered("one", "two", "mine", "theirs")


def test_what_has_no_take_and_what_is_of_another_request_has_no_number() -> None:
    other = entry({"prompt": "high strings", "seed": 7}, take("other"), attempt="a9", request_id="ace_9")
    assert words(BASE, other, roll(1, "", state=State.PENDING)) == numbered("one", "two")


def test_what_another_copy_has_under_the_same_number_comes_after_the_others() -> None:
    again = replace(BASE, takes=(take("again"), *BASE.takes), output=None)
    assert words(again)[2] == (3, sha("one"))
    placed = replace(again, output=Output(path="audio/title.wav", sha256=sha("one")))
    assert words(placed) == numbered("one", "two", "again"), "what is at the output keeps its number"


def test_by_the_lock_alone_the_takes_of_a_job_are_those_of_the_family_at_its_output() -> None:
    other = entry({"prompt": "high strings", "seed": 7}, take("other"), attempt="a9", revision=9, path=None)
    assert [item.take.sha256 for item in takes_of(lock(BASE, other, *ROLLS), "title")][:3] == [
        *map(sha, ("one", "two", "three"))
    ]
    nowhere = replace(BASE, output=None)
    assert [item.take.sha256 for item in takes_of(lock(nowhere, other), "title")] == [sha("other")]
    assert takes_of(lock(), "title") == ()


# ---------------------------------------------------------------- the choice


def pick(word: str, revision: int = 20) -> frozenset[Pick]:
    return frozenset({Pick(sha256=sha(word), revision=revision)})


def chosen_of(
    asked: Request, own: Entry, *entries: Entry, picks: tuple[frozenset[Pick], ...] = (), lost: tuple[str, ...] = ()
) -> tuple[int, str]:
    gone = set(map(sha, lost))
    found = chosen(asked, own, family(entries, own.base), *picks, is_lost=lambda item: item.take.sha256 in gone)
    return found.number, found.take.sha256


@pytest.mark.parametrize(("number", "word"), [(1, "one"), (3, "three"), (5, "five")])
def test_where_nobody_picked_take_counts_through_the_family(number: int, word: str) -> None:
    assert chosen_of(request(take=number), BASE, BASE, *ROLLS) == (number, sha(word))


def test_where_there_are_fewer_takes_it_is_the_last_one() -> None:
    assert chosen_of(request(take=9), BASE, BASE, *ROLLS) == (5, sha("five"))


def test_a_pick_comes_before_the_number_in_the_file() -> None:
    assert chosen_of(request(take=2), BASE, BASE, *ROLLS, picks=(pick("four"),)) == (4, sha("four"))


def test_a_pick_of_what_is_not_in_the_family_counts_for_nothing() -> None:
    assert chosen_of(request(), BASE, BASE, *ROLLS, picks=(pick("elsewhere"),)) == (1, sha("one"))
    assert chosen_of(request(), BASE, BASE, picks=(pick("elsewhere"), pick("two"))) == (2, sha("two")), "its old name's"


def test_of_two_picks_that_differ_none_counts() -> None:
    assert chosen_of(request(), BASE, BASE, *ROLLS, picks=(pick("two") | pick("four"),)) == (1, sha("one"))


def test_a_request_that_writes_the_seed_of_a_roll_asks_for_that_roll() -> None:
    assert chosen_of(request(seed_mode="fixed", seed=102), ROLLS[1], BASE, *ROLLS) == (4, sha("four"))


def test_what_was_sent_once_more_and_is_at_the_output_stands_for_what_was_picked() -> None:
    again = replace(
        BASE, takes=(take("again"), *BASE.takes), output=Output(path="audio/title.wav", sha256=sha("again"))
    )
    assert chosen_of(request(), again, again, picks=(pick("one"),)) == (1, sha("again"))


def test_lost_audio_is_replaced_by_that_of_the_same_request_sent_once_more() -> None:
    again = roll(1, "again", attempt="rz")
    held = (BASE, *ROLLS, again)
    assert chosen_of(request(take=3), BASE, *held) == (3, sha("three"))
    assert chosen_of(request(take=3), BASE, *held, lost=("three",)) == (4, sha("again"))
    assert chosen_of(request(), BASE, *held, picks=(pick("three"),), lost=("three",)) == (4, sha("again"))
    assert chosen_of(request(take=3), BASE, *held, lost=("three", "again")) == (3, sha("three"))
    assert chosen_of(request(take=5), BASE, *held, lost=("four",)) == (5, sha("four")), "another seed is another piece"


# ---------------------------------------------------------------- the plan


def planned(*requests: Request, held: tuple[Entry, ...], picks: Any = None, **more: Any) -> Plan:
    values: dict[str, Any] = {"outputs": {"audio/title.wav": sha("one")}, "blobs": set(), "pollable": ()} | more
    found, submissions = known(*held)
    found = replace(found, picks=picks or {})
    facts = Facts(models=shipped_catalog().models, lock=found, submissions=submissions, **values)
    return decide(requests, facts, Selected())


def only(plan: Plan) -> Action:
    assert len(plan.actions) == 1
    return plan.actions[0]


def test_a_roll_does_not_become_the_output_by_itself() -> None:
    action = only(planned(request(), held=(BASE, *ROLLS)))
    assert (str(action.verb), action.entry) == ("reuse", BASE)
    assert action.chosen is not None
    assert action.chosen.number == 1


@pytest.mark.parametrize(("over", "picks"), [({}, {"title": pick("four")}), ({"take": 4}, None)])
def test_a_chosen_take_of_a_roll_comes_from_the_store(over: dict[str, Any], picks: Any) -> None:
    action = only(planned(request(**over), held=(BASE, *ROLLS), picks=picks, blobs={sha("four")}))
    assert (str(action.verb), action.reason) == ("restore", r.TakeChosen(take=4, placed=1))
    assert action.entry == ROLLS[1]
    assert (action.request.params["seed"], action.request.roll, action.request.roll_of) == (102, 2, BASE.fingerprint)


def test_a_roll_at_the_output_is_up_to_date() -> None:
    at = Output(path="audio/title.wav", sha256=sha("four"))
    held = (replace(BASE, output=None), ROLLS[0], replace(ROLLS[1], output=at))
    action = only(
        planned(request(), held=held, picks={"title": pick("four")}, outputs={"audio/title.wav": sha("four")})
    )
    assert (str(action.verb), action.entry) == ("reuse", held[2])
    back = only(planned(request(), held=held, outputs={"audio/title.wav": sha("four")}, blobs={sha("one")}))
    assert (str(back.verb), back.reason) == ("restore", r.TakeChosen(take=1, placed=4))


def test_the_lost_audio_of_a_roll_is_asked_for_by_its_own_receipt() -> None:
    action = only(planned(request(take=3), held=(BASE, *ROLLS), pollable={BASE.model}))
    assert (str(action.verb), action.entry) == ("resume", ROLLS[0])
    assert action.submission is not None
    assert (action.submission.attempt, action.submission.roll) == ("r1", 1)


def test_a_roll_goes_with_its_request_when_the_job_is_renamed_and_so_does_what_was_picked() -> None:
    plan = planned(request("new", seed=99), held=(BASE, *ROLLS), picks={"title": pick("three")}, blobs={sha("three")})
    assert plan.owners == {"a1": "new", "r1": "new", "r2": "new"}
    assert list(plan.owners)[-1] == "a1", "it is the newest of the job"
    assert (str(only(plan).verb), only(plan).entry) == ("restore", ROLLS[0])
    assert plan.orphans == ()


def test_a_changed_prompt_keeps_the_seed_of_the_request_and_not_that_of_a_roll() -> None:
    action = only(planned(request(seed=99, params={"prompt": "new"}), held=(BASE, *ROLLS)))
    assert (str(action.verb), action.entry) == ("regenerate", BASE)
    assert action.request.params == {"prompt": "new", "seed": 7}
    assert (action.request.roll, action.request.roll_of) == (0, None)


def test_an_unfinished_roll_is_finished_into_the_store_at_no_cost() -> None:
    waiting = roll(1, "", state=State.PENDING)
    plan = planned(request(), held=(BASE, waiting))
    assert str(only(plan).verb) == "reuse"
    (action,) = plan.collect
    assert (str(action.verb), action.request.output) == ("resume", None)
    assert plan.worst == 0
    assert isinstance(action.reason, r.NotFinished)
