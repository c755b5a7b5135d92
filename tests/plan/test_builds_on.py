"""What an action builds on: the entry, the submission and the price that it carries to the run."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from runner.plan.decide import decide
from runner.plan.facts import Facts, Selected
from runner.records.catalog import LengthUnit, Price
from runner.records.submission import Phase
from tests.support.catalog import shipped_catalog
from tests.support.made import entry, known, request, sha, submission, take

if TYPE_CHECKING:
    from runner.records.lock import Entry
    from runner.records.plan import Action, Plan
    from runner.records.request import Request
    from runner.records.submission import Submission

NOTHING = Decimal(0)
OTHER = {"prompt": "old", "seed": 7}


def planned(
    *requests: Request,
    held: tuple[Entry, ...] = (),
    submissions: tuple[Submission, ...] = (),
    asked: Selected | None = None,
    **more: Any,
) -> Plan:
    values: dict[str, Any] = {"outputs": {}, "blobs": set(), "pollable": ()} | more
    values["lock"], values["submissions"] = known(*held, submissions=submissions)
    return decide(requests, Facts(models=shipped_catalog().models, **values), asked or Selected())


def only(plan: Plan) -> Action:
    assert len(plan.actions) == 1
    return plan.actions[0]


# ---------------------------------------------------------------- submissions


@pytest.mark.parametrize("phase", [Phase.INTENT, Phase.UNKNOWN])
@pytest.mark.parametrize(
    ("over", "verb"), [({}, "blocked"), ({"free": True}, "generate"), ({"on_unknown": "resubmit"}, "generate")]
)
def test_what_is_done_about_a_submission_in_doubt_carries_it(phase: Phase, over: dict[str, Any], verb: str) -> None:
    waiting = submission(phase=phase, request_id=None)
    before = entry(OTHER, attempt="a0", request_id="ace_0")
    action = only(planned(request(seed=99, **over), held=(before,), submissions=(waiting,)))
    assert (str(action.verb), action.submission) == (verb, waiting)
    assert action.request.params == waiting.params, "exactly what may have been sent"
    assert action.entry == before


@pytest.mark.parametrize("phase", [Phase.INTENT, Phase.UNKNOWN])
def test_a_submission_in_doubt_that_nothing_asks_for_is_held_and_shown(phase: Phase) -> None:
    gone = submission("gone", phase, params=OTHER, request_id=None)
    for asked in (Selected(), Selected(jobs=frozenset({"gone"}))):
        (held,) = planned(request(), asked=asked, submissions=(gone,)).collect
        assert (str(held.verb), held.submission, held.request.group) == ("blocked", gone, "gone")
        assert held.request.params == gone.params
    assert planned(request(), asked=Selected(jobs=frozenset({"title"})), submissions=(gone,)).collect == ()


def test_a_model_that_is_gone_hides_no_other_submission() -> None:
    lost = submission("one", model="pixazo/gone", params={"prompt": "a"})
    kept = submission("two", params=OTHER, attempt="a2", request_id="ace_2")
    (action,) = planned(request(), submissions=(lost, kept)).collect
    assert (str(action.verb), action.submission, action.request.params) == ("resume", kept, OTHER)
    assert (action.request.take, action.request.takes) == (1, 1)
    assert (action.cost.low, action.cost.worst) == (NOTHING, NOTHING)


def test_what_was_made_before_and_is_gone_is_asked_for_by_its_receipt() -> None:
    made = submission(phase=Phase.DONE, takes=(take(),))
    action = only(planned(request(seed=99), submissions=(made,), pollable={made.model}))
    assert (str(action.verb), action.submission) == ("resume", made)
    assert action.request.params["seed"] == 7
    assert (action.cost.low, action.cost.worst) == (NOTHING, NOTHING)


def test_lost_audio_is_asked_for_by_its_receipt_under_the_new_name() -> None:
    made = entry()
    plan = planned(request("new", seed=99), held=(made,), pollable={made.model})
    action = only(plan)
    assert action.submission is not None
    assert (action.submission.attempt, action.submission.request_id) == (made.attempt, made.request_id)
    assert (action.request.job, action.entry, action.request.params["seed"]) == ("new", made, 7)
    assert plan.owners == {made.attempt: "new"}


# ---------------------------------------------------------------- entries


def test_what_comes_from_the_store_carries_its_entry_and_where_that_was() -> None:
    action = only(planned(request("new", seed=99), held=(entry(),), blobs={sha("one")}))
    assert (str(action.verb), action.entry) == ("restore", entry())
    assert action.request.params["seed"] == 7


def test_what_was_made_before_comes_from_the_store_with_its_seed() -> None:
    made = submission("gone", Phase.DONE, takes=(take(),))
    plan = planned(request(seed=99), submissions=(made,), blobs={sha("one")})
    action = only(plan)
    assert (str(action.verb), action.entry) == ("restore", entry(job="gone", revision=0, path=None))
    assert (action.request.params["seed"], plan.owners) == (7, {"a1": "title"})


@pytest.mark.parametrize("over", [{"params": {"prompt": "new"}}, {"free": True}])
def test_what_is_made_again_carries_what_it_replaces(over: dict[str, Any]) -> None:
    action = only(planned(request(**over), held=(entry(),)))
    assert (str(action.verb), action.entry) == ("regenerate", entry())
    forced = only(planned(request(**over), held=(entry(),), asked=Selected(forced=frozenset({"title"}))))
    assert (str(forced.verb), forced.entry) == ("regenerate", entry())


def test_what_cannot_be_had_any_more_is_blocked_with_its_entry() -> None:
    action = only(planned(request("new"), held=(entry(),)))
    assert (str(action.verb), action.entry) == ("blocked", entry())
    assert action.request.job == "new"


def test_a_changed_prompt_keeps_the_seed_that_the_lock_has() -> None:
    moved = request(seed=99, params={"prompt": "new"})
    assert only(planned(moved, held=(entry(),))).request.params == {"prompt": "new", "seed": 7}


# ---------------------------------------------------------------- files in the way


@pytest.mark.parametrize("path", ["audio/title.wav", "audio/title.mp3"])
@pytest.mark.parametrize("found", [None, sha("a person's own")])
def test_a_strangers_file_is_found_before_anything_is_paid(path: str, found: str | None) -> None:
    made_here = request(model="pixazo/lyria-3-pro", seed=None)
    action = only(planned(made_here, outputs={path: found}))
    kinds = {f"audio/title{'.mp3' if kind == 'audio/mpeg' else '.wav'}" for kind in made_here.model.media_types}
    assert str(action.verb) == ("blocked" if path in kinds else "generate")
    assert action.request == made_here


def test_a_file_that_the_lock_or_the_store_knows_is_in_nobodys_way() -> None:
    again = request(params={"prompt": "new"})
    ours = {"audio/title.wav": sha("one")}
    assert str(only(planned(again, held=(entry(),), outputs=ours)).verb) == "regenerate"
    assert str(only(planned(again, outputs=ours, blobs={sha("one")})).verb) == "generate"
    stranger = only(planned(again, held=(entry(),), outputs={"audio/title.wav": sha("other")}))
    assert (str(stranger.verb), stranger.entry) == ("blocked", entry())


def test_the_file_of_the_jobs_last_entry_may_be_replaced_by_one_that_was_renamed() -> None:
    gone = entry(job="gone", attempt="a2", path="audio/gone.wav", request_id="ace_2")
    held = (entry(OTHER, take("old")), gone)
    action = only(planned(request(), held=held, outputs={"audio/title.wav": sha("old")}, blobs={sha("one")}))
    assert (str(action.verb), action.entry) == ("restore", gone)
    changed = only(planned(request(), held=held, outputs={"audio/title.wav": sha("by hand")}, blobs={sha("one")}))
    assert (str(changed.verb), changed.entry) == ("blocked", gone)


def test_a_take_is_copied_from_where_another_take_was_only_if_it_is_that_one() -> None:
    two = entry(None, take("one"), take("two"), path="audio/old.wav")
    chosen = request(take=2)
    assert str(only(planned(chosen, held=(two,), outputs={"audio/old.wav": sha("one")})).verb) == "blocked"
    assert str(only(planned(chosen, held=(two,), outputs={"audio/old.wav": sha("two")})).verb) == "restore"


# ---------------------------------------------------------------- prices


def test_the_worst_case_counts_retries_and_what_may_be_sent_again() -> None:
    worst = [
        only(planned(request(**over))).cost.worst
        for over in ({}, {"retries": 2}, {"on_unknown": "resubmit"}, {"retries": 2, "on_unknown": "resubmit"})
    ]
    once = Decimal("0.10")
    assert worst[:2] == [once, 3 * once]
    assert worst[2] is not None
    assert worst[2] > once
    assert worst[3] == worst[2] + 2 * once


def test_a_price_by_the_minute_is_of_the_length_that_is_asked_for() -> None:
    minute = Price(usd=Decimal("0.60"), per="minute")
    asked = request(params={"duration": 30}, price=minute)
    assert asked.seconds == 30.0
    cost = only(planned(asked)).cost
    assert (cost.low, cost.worst) == (Decimal("0.30"), Decimal("0.30"))


@pytest.mark.parametrize(("unit", "length"), [("seconds", 30), ("milliseconds", 30_000), ("minutes", 0.5)])
def test_a_price_by_the_minute_knows_the_unit_of_the_length(unit: str, length: float) -> None:
    asked = request(params={"duration": length}, price=Price(usd=Decimal("0.60"), per="minute"))
    asked = replace(asked, model=replace(asked.model, duration_unit=LengthUnit(unit)))
    assert only(planned(asked)).cost.low == Decimal("0.30")


def test_a_price_by_the_take_counts_the_takes() -> None:
    cost = only(planned(request(takes=3, price=Price(usd=Decimal("0.10"), per="take")))).cost
    assert (cost.low, cost.worst) == (Decimal("0.30"), Decimal("0.30"))


def test_a_length_that_nobody_wrote_is_the_models_default_or_its_own_choice() -> None:
    plain = request()
    assert plain.model.duration_param == "duration"
    default = plain.model.params["duration"].default
    assert plain.seconds == (None if default is None else float(default))
    assert request(model="pixazo/lyria-3-pro", seed=None).seconds is None
