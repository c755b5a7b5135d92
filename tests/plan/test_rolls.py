"""What --reroll asks for: with which seed, under which number, and when it is refused before anything is sent."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from runner.errors import UsageError
from runner.plan.decide import decide
from runner.plan.facts import Facts, Selected
from runner.plan.rolls import Rerolls, rolled, seed_of
from runner.records import reasons as r
from runner.records.lock import State
from runner.records.seeds import derive
from runner.records.submission import Phase
from tests.support.catalog import shipped_catalog
from tests.support.made import entry, known, request, sha, submission, take

if TYPE_CHECKING:
    from runner.records.lock import Entry
    from runner.records.plan import Action, Plan
    from runner.records.request import Request

BASE = entry()
NO_SEED = "pixazo/lyria-3-pro"
ASKED = request(seed=99, pipeline="night")
JOBS = frozenset({"title"})


def roll(number: int, seed: int = 100, **over: Any) -> Entry:
    values: dict[str, Any] = {"attempt": f"r{number}", "request_id": f"id_{number}", "revision": 10 + number} | over
    return entry({"prompt": "low brass", "seed": seed}, take(f"roll {number}"), roll=number, path=None, **values)


def planned(*requests: Request, held: tuple[Entry, ...] = (BASE,), submissions: Any = (), **over: Any) -> Plan:
    found, all_ = known(*held, submissions=submissions)
    facts = Facts(
        models=shipped_catalog().models,
        lock=found,
        submissions=all_,
        outputs={"audio/title.wav": sha("one")},
        blobs=set(),
        pollable=(),
    )
    asked = Selected(jobs=frozenset(), rerolls=Rerolls(**({"jobs": JOBS} | over)))
    return decide(requests or (ASKED,), facts, asked)


def seeds(plan: Plan) -> list[Any]:
    return [action.request.params.get("seed") for action in plan.actions]


def only(plan: Plan) -> Action:
    assert len(plan.actions) == 1
    return plan.actions[0]


# ---------------------------------------------------------------- what is asked for


def test_a_roll_is_priced_as_any_submission_and_its_takes_go_to_the_store() -> None:
    plan = planned()
    action = only(plan)
    assert (str(action.verb), action.request.output, action.entry) == ("generate", None, BASE)
    assert (action.request.job, action.request.name) == ("title", "title roll 1")
    assert (action.request.roll, action.request.roll_of) == (1, BASE.fingerprint)
    assert (plan.low, plan.worst) == (Decimal("0.10"), Decimal("0.10"))
    assert action.reason == r.Rerolled(roll=1, seed=action.request.params["seed"], is_drawn=False)


def test_the_seed_of_a_roll_is_derived_from_pipeline_job_and_number_and_the_rest_is_the_request_that_was_made() -> None:
    param = ASKED.model.seed
    assert param is not None
    expected = [derive("night", "title", param.minimum, param.maximum, roll=number) for number in (1, 2, 3)]
    assert seeds(planned(times=3)) == expected
    assert seeds(planned(held=(BASE, roll(1), roll(2)))) == expected[2:]
    assert len({*expected, derive("night", "title", param.minimum, param.maximum)}) == 4
    assert only(planned()).request.params["prompt"] == "low brass"


def test_roll_0_has_the_seed_that_every_lock_was_made_with() -> None:
    assert derive("emberfall", "title", 0, 2**32 - 1) == derive("emberfall", "title", 0, 2**32 - 1, roll=0)
    assert derive("emberfall", "title", 0, 99) == 35, "it never changes"


def test_where_a_model_has_few_seeds_one_that_was_not_used_is_taken() -> None:
    param = ASKED.model.seed
    assert param is not None
    model = replace(ASKED.model, seed=replace(param, minimum=0, maximum=3))
    few, used = replace(ASKED, model=model), set[Any]({7})
    for number in range(1, 5):
        used.add(seed_of(rolled(few, BASE, number, used=frozenset(used))))
    assert used == {7, 0, 1, 2, 3}
    assert seed_of(rolled(few, BASE, 5, used=frozenset(used))) in used, "all are used: it is asked again all the same"


def test_a_random_seed_is_drawn_when_it_is_sent() -> None:
    action = only(planned(replace(ASKED, seed_mode="random")))
    assert action.request.params == {"prompt": "low brass"}
    assert action.reason == r.Rerolled(roll=1, seed=None, is_drawn=True)


@pytest.mark.parametrize("mode", ["fixed", "auto", "random"])
def test_a_seed_that_a_person_names_is_sent_and_further_ones_follow_it(mode: Any) -> None:
    asked = request(seed_mode=mode, seed=None if mode == "random" else 7)
    assert seeds(planned(asked, seed=20, times=3)) == [20, 21, 22]


def test_a_model_without_a_seed_is_asked_the_same_again() -> None:
    made = entry({"prompt": "low brass"}, model=NO_SEED, seed_param=None)
    asked = request(model=NO_SEED, seed=None, seed_mode="none")
    action = only(planned(asked, held=(made,)))
    assert action.request.params == made.request
    assert action.reason == r.Rerolled(roll=1, seed=None, is_drawn=False)


# ---------------------------------------------------------------- what an earlier run left


@pytest.mark.parametrize(("times", "more"), [(1, 0), (3, 2)])
def test_a_roll_that_is_not_finished_is_finished_and_no_other_is_paid_for_in_its_place(times: int, more: int) -> None:
    plan = planned(held=(BASE, roll(1, state=State.PENDING)), times=times)
    assert len(plan.actions) == more
    assert [str(action.verb) for action in plan.collect] == ["resume"]


def test_a_roll_that_is_not_finished_counts_for_the_seed_that_it_has() -> None:
    held = (BASE, roll(1, 20, state=State.PENDING))
    asked = request(seed_mode="fixed")
    assert seeds(planned(asked, held=held, seed=20, times=2)) == [21]


def test_after_a_roll_that_may_have_been_charged_nothing_is_asked_for_until_a_person_decides() -> None:
    unknown = submission(
        phase=Phase.INTENT, attempt="r1", request_id=None, params={"prompt": "low brass", "seed": 100},
        roll=1, roll_of=BASE.fingerprint,
    )  # fmt: skip
    plan = planned(submissions=(unknown,), times=2)
    action = only(plan)
    assert (str(action.verb), action.reason) == ("blocked", r.PaymentUnknown(job="title"))
    assert plan.collect == (), "it is named once"
    again = planned(replace(ASKED, on_unknown="resubmit"), submissions=(unknown,), times=2)
    assert [(str(item.verb), item.request.roll) for item in again.actions] == [("generate", 1), ("generate", 2)]
    assert again.actions[0].submission is not None
    assert again.actions[0].request.params["seed"] == 100, "the same request, and not the next seed"


def test_a_roll_that_was_lost_is_polled_once_more_and_another_one_is_asked_for() -> None:
    plan = planned(held=(BASE, roll(1, state=State.LOST)))
    assert [action.request.roll for action in plan.actions] == [2]
    assert [str(action.verb) for action in plan.collect] == ["resume"]


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("held", "over"),
    [((), {}), ((BASE,), {"params": {"prompt": "new"}}), ((entry(state=State.PENDING),), {})],
    ids=["never made", "changed since", "not finished"],
)
def test_a_job_that_is_not_made_is_refused_with_what_to_do(held: tuple[Entry, ...], over: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=r"^title is not made as the file says now, so it cannot be rerolled$") as told:
        planned(request(**over), held=held)
    assert told.value.help == "make it first: scorefile run title"


def test_several_jobs_that_are_not_made_are_counted() -> None:
    jobs = frozenset({"title", "war"})
    with pytest.raises(UsageError, match=r"^title and 1 more are not made as the file says now, so they cannot"):
        planned(request(), request("war"), held=(), jobs=jobs)


@pytest.mark.parametrize(
    ("over", "asked", "why", "help_"),
    [
        ({"seed_mode": "fixed"}, {}, "title writes its seed, 7, so asking again would make the same piece",
         "name another seed: --seed 8"),
        ({"seed_mode": "fixed"}, {"seed": 7}, "title was made with the seed 7 already", "name another seed: --seed 8"),
        ({}, {"seed": 5, "times": 3}, "title was made with the seed 7 already", "name another seed: --seed 8"),
        ({}, {"seed": 2**40}, f"title cannot have the seed {2**40}: pixazo/ace-step-xl takes 1 to",
         "name another seed: --seed 1"),
    ],
)  # fmt: skip
def test_a_seed_that_makes_no_other_piece_is_refused(
    over: dict[str, Any], asked: dict[str, Any], why: str, help_: str
) -> None:
    with pytest.raises(UsageError, match=f"^{why}") as told:
        planned(request(**over), **asked)
    assert told.value.help == help_


def test_a_seed_for_a_model_that_takes_none_is_refused() -> None:
    made = entry({"prompt": "low brass"}, model=NO_SEED, seed_param=None)
    with pytest.raises(UsageError, match=r"^title cannot have the seed 3: pixazo/lyria-3-pro takes none$") as told:
        planned(request(model=NO_SEED, seed=None, seed_mode="none"), held=(made,), seed=3)
    assert told.value.help == "leave --seed out: the same request makes another piece"
