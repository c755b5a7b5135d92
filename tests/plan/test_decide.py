"""What is done for each request: every rule looks first for something that was paid for already."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from runner.plan.decide import decide
from runner.plan.facts import Facts, Selected
from runner.plan.fingerprint import fingerprint
from runner.records import reasons as r
from runner.records.catalog import Price
from runner.records.lock import State
from runner.records.pipeline import Layer as L
from runner.records.pipeline import Origin
from runner.records.submission import Phase
from tests.support.catalog import shipped_catalog
from tests.support.made import MARK, TRACKS, XL, entry, known, request, sha, submission, take

if TYPE_CHECKING:
    from collections.abc import Container

    from runner.records.lock import Entry
    from runner.records.plan import Action, Plan
    from runner.records.request import Request
    from runner.records.submission import Submission

NOTHING = Selected()


def facts(
    *entries: Entry,
    outputs: dict[str, str | None] | None = None,
    blobs: set[str] | None = None,
    submissions: tuple[Submission, ...] = (),
    pollable: Container[str] = shipped_catalog().models,
) -> Facts:
    lock, attempts = known(*entries, submissions=submissions)
    return Facts(
        models=shipped_catalog().models,
        lock=lock,
        submissions=attempts,
        outputs=outputs or {},
        blobs=blobs or set(),
        pollable=pollable,
    )


def planned(*requests: Request, held: tuple[Entry, ...] = (), asked: Selected = NOTHING, **more: Any) -> Plan:
    return decide(requests, facts(*held, **more), asked)


def only(plan: Plan) -> Action:
    assert len(plan.actions) == 1
    return plan.actions[0]


# ---------------------------------------------------------------- what is there already


def test_what_is_there_is_reused_at_no_cost() -> None:
    action = only(planned(request(), held=(entry(),), outputs={"audio/title.wav": sha("one")}))
    assert (action.verb, action.reason, action.cost.worst) == ("reuse", r.UpToDate(), Decimal(0))


@pytest.mark.parametrize(
    "change",
    [
        {"price": Price(usd=Decimal(9))},
        {"retries": 5},
        {"labels": ("hero",)},
        {"timeout_s": 5.0},
        {"needs": ()},
    ],
)
def test_what_is_not_sent_never_makes_a_job_anew(change: dict[str, Any]) -> None:
    action = only(planned(request(**change), held=(entry(),), outputs={"audio/title.wav": sha("one")}))
    assert action.verb == "reuse"


def test_a_missing_file_comes_back_from_the_store() -> None:
    action = only(planned(request(), held=(entry(),), blobs={sha("one")}))
    assert (action.verb, action.reason, action.cost.worst) == (
        "restore",
        r.OutputMissing(path="audio/title.wav"),
        Decimal(0),
    )


def test_a_moved_output_is_copied_from_its_old_place() -> None:
    moved = request(output="music/intro")
    action = only(planned(moved, held=(entry(),), outputs={"audio/title.wav": sha("one")}))
    assert (action.verb, action.reason) == ("restore", r.Moved(path="audio/title.wav"))


def test_another_chosen_take_comes_from_the_store() -> None:
    made = entry(None, take("one"), take("two"))
    action = only(
        planned(
            request(take=2),
            held=(made,),
            outputs={"audio/title.wav": sha("one")},
            blobs={sha("one"), sha("two")},
        )
    )
    assert (action.verb, action.reason) == ("restore", r.TakeChosen(take=2, placed=1))


def test_the_file_of_another_version_is_no_other_take() -> None:
    made = entry()
    outputs, blobs = {"audio/title.wav": sha("other version")}, {sha("one"), sha("other version")}
    action = only(planned(request(), held=(made,), outputs=outputs, blobs=blobs))
    assert (action.verb, action.reason) == ("restore", r.OtherVersion(path="audio/title.wav"))


def test_a_take_that_stands_there_already_is_only_noted() -> None:
    made = entry(None, take("one"), take("two"))
    action = only(planned(request(take=2), held=(made,), outputs={"audio/title.wav": sha("two")}))
    assert (action.verb, action.reason) == ("restore", r.TakeInPlace(take=2))


def test_a_renamed_job_with_a_seed_nobody_wrote_pays_nothing() -> None:
    renamed = request("opening", seed=99, output="audio/title")
    action = only(planned(renamed, held=(entry(),), outputs={"audio/title.wav": sha("one")}))
    assert (action.verb, action.reason, action.entry) == ("restore", r.Renamed(job="title"), entry())
    assert action.request.params["seed"] == 7, "the seed of the receipt stays"


def test_a_renamed_job_with_another_written_seed_is_made() -> None:
    renamed = request("opening", seed=99, seed_mode="fixed")
    assert only(planned(renamed, held=(entry(),), blobs={sha("one")})).verb == "generate"


def test_one_receipt_is_claimed_by_one_renamed_job_only() -> None:
    both = planned(request("a", seed=1), request("b", seed=2), held=(entry(),), blobs={sha("one")})
    assert [action.verb for action in both.actions] == ["restore", "generate"]
    assert both.orphans == ()


def test_an_entry_whose_job_is_gone_is_kept_and_shown() -> None:
    plan = planned(request("other", params={"prompt": "flute"}), held=(entry(),), blobs={sha("one")})
    assert plan.orphans == ("title",)
    assert only(plan).verb == "generate"


BEFORE = entry(path=None)
"""Made first, and at no output any more."""
NOW = entry({"prompt": "flute", "seed": 7}, take("now"), attempt="a2", revision=2, request_id="ace_2")


def test_a_reverted_prompt_is_restored_from_what_the_lock_has() -> None:
    action = only(planned(request(), held=(BEFORE, NOW), blobs={sha("one")}))
    assert (action.verb, action.reason) == ("restore", r.MadeBefore(in_store=True))
    assert action.entry == BEFORE


def test_a_reverted_prompt_is_restored_from_what_only_the_journal_has() -> None:
    before = submission(phase=Phase.DONE, takes=(take(),))
    action = only(planned(request(), held=(NOW,), submissions=(before,), blobs={sha("one")}))
    assert (action.verb, action.reason) == ("restore", r.MadeBefore(in_store=True))
    assert action.entry == replace(BEFORE, revision=0)


def test_a_reverted_prompt_whose_takes_are_gone_is_fetched_again_and_never_paid_again_unasked() -> None:
    lost = only(planned(request(), held=(BEFORE, NOW), pollable=()))
    assert (lost.verb, lost.reason) == ("blocked", r.AudioLost(path="audio/title.wav"))
    asked = only(planned(request(), held=(BEFORE, NOW)))
    assert (asked.verb, asked.reason) == ("resume", r.MadeBefore(in_store=False))
    assert asked.cost.worst == Decimal(0)


def test_what_another_job_of_the_file_made_is_its_own() -> None:
    other = request("other", seed_mode="fixed")
    plan = planned(
        request("title", seed_mode="fixed"), other, held=(entry(job="other", path=None),), blobs={sha("one")}
    )
    assert [action.verb for action in plan.actions] == ["generate", "restore"]


# ---------------------------------------------------------------- what is made


def test_what_was_never_made_is_generated_at_its_price() -> None:
    action = only(planned(request()))
    assert (action.verb, action.reason, action.cost.low, action.cost.worst) == (
        "generate",
        r.NotMade(),
        Decimal("0.10"),
        Decimal("0.10"),
    )


def test_allowed_retries_are_in_the_worst_case() -> None:
    plan = planned(request(retries=2))
    assert (plan.low, plan.worst) == (Decimal("0.10"), Decimal("0.30"))


def test_one_unknown_price_makes_the_sum_unknown() -> None:
    plan = planned(request(), request("shop", params={"prompt": "x"}, price=Price()))
    assert (plan.low, plan.worst) == (None, None)


def test_a_changed_prompt_is_made_anew_and_says_what_changed_and_where() -> None:
    changed = request(params={"prompt": "flute"}, origins={"prompt": Origin(layer=L.JOB, mark=replace(MARK, line=9))})
    action = only(planned(changed, held=(entry(),), outputs={"audio/title.wav": sha("one")}))
    assert action.verb == "regenerate"
    assert [(item.field, item.old, item.new, str(item.mark)) for item in action.changes] == [
        ("prompt", "low brass", "flute", "night.yaml:9:3")
    ]
    assert action.request.params["seed"] == 7, "an unwritten seed stays what the lock has"


def test_every_changed_field_is_listed_with_the_model_first() -> None:
    changed = request(model=TRACKS, params={"bpm": 90}, seed_mode="fixed", seed=8)
    action = only(planned(changed, held=(entry({"prompt": "low brass", "seed": 7, "key": "D minor"}),)))
    assert [(item.field, item.old, item.new) for item in action.changes] == [
        ("model", XL, TRACKS),
        ("bpm", None, 90),
        ("key", "D minor", None),
        ("seed", 7, 8),
    ]


def test_another_spelling_of_a_number_is_no_change() -> None:
    made = entry({"prompt": "low brass", "seed": 7, "duration": 60.0})
    action = only(planned(request(params={"duration": 60}), held=(made,), outputs={"audio/title.wav": sha("one")}))
    assert action.verb == "reuse"


def test_force_makes_only_what_was_named() -> None:
    world: dict[str, Any] = {"held": (entry(),), "outputs": {"audio/title.wav": sha("one")}}
    asked = Selected(jobs=frozenset({"title"}), forced=frozenset({"title"}))
    action = only(planned(request(), request("shop"), asked=asked, **world))
    assert (action.request.job, action.verb, action.reason) == ("title", "regenerate", r.Forced(is_same=True, seed=7))


# ---------------------------------------------------------------- seeds


@pytest.mark.parametrize("mode", ["auto", "random"])
def test_a_seed_that_nobody_wrote_is_pinned_by_the_lock(mode: Any) -> None:
    asked = request(seed_mode=mode, seed=None if mode == "random" else 1234)
    action = only(planned(asked, held=(entry(),), outputs={"audio/title.wav": sha("one")}))
    assert (action.verb, action.request.params["seed"]) == ("reuse", 7)


def test_a_written_seed_that_differs_is_a_change() -> None:
    action = only(planned(request(seed_mode="fixed", seed=8), held=(entry(),)))
    assert [(item.field, item.old, item.new) for item in action.changes] == [("seed", 7, 8)]


def test_a_random_seed_is_left_to_be_drawn() -> None:
    assert "seed" not in only(planned(request(seed_mode="random", seed=None))).request.params


def test_a_random_seed_of_an_unfinished_submission_stays() -> None:
    action = only(planned(request(seed_mode="random", seed=None), submissions=(submission(),)))
    assert (action.verb, action.request.params["seed"]) == ("resume", 7)


# ---------------------------------------------------------------- unfinished submissions


@pytest.mark.parametrize(
    "phase",
    [
        Phase.ANSWERED,
        Phase.ACCEPTED,
        Phase.READY,
        Phase.FETCHED,
        Phase.PLACED,
        Phase.STALLED,
        Phase.EXPIRED,
    ],
)
def test_what_was_accepted_is_taken_up_and_not_paid_again(phase: Phase) -> None:
    begun = submission(phase=phase)
    action = only(planned(request(), submissions=(begun,)))
    assert (action.verb, action.submission, action.cost.worst) == ("resume", begun, Decimal(0))


@pytest.mark.parametrize("phase", [Phase.LOST, Phase.BAD_CONTENT])
def test_what_was_paid_for_nothing_is_asked_for_again_and_not_paid_again(phase: Phase) -> None:
    lost = submission(phase=phase)
    assert only(planned(request(), submissions=(lost,))).verb == "resume"
    forced = only(planned(request(), submissions=(lost,), asked=Selected(forced=frozenset({"title"}))))
    assert (forced.verb, forced.submission) == ("generate", lost)


@pytest.mark.parametrize("phase", [Phase.PLANNED, Phase.NOT_SENT, Phase.REJECTED, Phase.FAILED])
def test_what_is_proven_to_be_over_is_made(phase: Phase) -> None:
    assert only(planned(request(), submissions=(submission(phase=phase),))).verb == "generate"


@pytest.mark.parametrize("phase", [Phase.INTENT, Phase.UNKNOWN])
def test_a_payment_in_doubt_blocks_its_job(phase: Phase) -> None:
    action = only(planned(request(), submissions=(submission(phase=phase),)))
    assert action.verb == "blocked"
    assert action.reason == r.PaymentUnknown(job="title")


def test_a_payment_in_doubt_of_a_free_model_is_simply_made_again() -> None:
    free = request(free=True)
    action = only(planned(free, submissions=(submission(phase=Phase.UNKNOWN),)))
    assert (action.verb, action.reason) == ("generate", r.FreeInterrupted())


def test_on_unknown_resubmit_is_a_decision_and_has_its_price() -> None:
    action = only(planned(request(on_unknown="resubmit"), submissions=(submission(phase=Phase.UNKNOWN),)))
    assert (action.verb, action.cost.low) == ("generate", Decimal("0.10"))


def test_force_does_not_pay_twice_for_what_is_under_way() -> None:
    assert (
        only(planned(request(), asked=Selected(forced=frozenset({"title"})), submissions=(submission(),))).verb
        == "resume"
    )


def test_a_renamed_job_takes_up_its_unfinished_submission() -> None:
    action = only(planned(request("opening", seed=99), submissions=(submission("title"),)))
    assert (action.verb, action.request.params["seed"]) == ("resume", 7)


def test_jobs_with_identical_requests_do_not_take_each_others_submissions() -> None:
    both = (request("a", seed_mode="fixed"), request("b", seed_mode="fixed"))
    begun = (submission("b", attempt="2", request_id="b1"),)
    plan = decide(both, facts(submissions=begun), NOTHING)
    assert [(action.request.job, action.verb) for action in plan.actions] == [("a", "generate"), ("b", "resume")]
    mine = (submission("a", attempt="1", request_id="a1"), *begun)
    plan = decide(both, facts(submissions=mine), NOTHING)
    assert [str(action.submission.request_id) for action in plan.actions if action.submission] == ["a1", "b1"]


def test_a_submission_with_another_written_seed_is_not_ours() -> None:
    plan = planned(request(seed_mode="fixed", seed=8), submissions=(submission(),))
    assert only(plan).verb == "generate"
    assert [str(action.submission.request_id) for action in plan.collect if action.submission] == ["ace_1"]


def test_a_submission_with_a_seed_is_not_taken_up_by_a_job_that_sends_none() -> None:
    plan = planned(request(seed_mode="none", seed=None), submissions=(submission(),))
    assert (only(plan).verb, len(plan.collect)) == ("generate", 1)


def test_what_was_paid_for_and_is_not_asked_for_any_more_goes_to_the_store() -> None:
    plan = planned(request(params={"prompt": "flute"}), submissions=(submission(attempt="abcdef99"),))
    assert only(plan).verb == "generate"
    collected = plan.collect[0]
    assert (collected.request.job, collected.verb, collected.request.output) == ("title~abcdef", "resume", None)
    assert collected.cost.worst == Decimal(0)


def test_a_pending_receipt_from_another_machine_is_taken_up() -> None:
    action = only(planned(request(), held=(entry(state=State.PENDING),)))
    assert (action.verb, action.cost.worst) == ("resume", Decimal(0))
    assert action.submission is not None
    assert (action.submission.attempt, action.submission.phase) == ("a1", Phase.ACCEPTED)


@pytest.mark.parametrize("state", State)
def test_each_state_of_a_submission_that_only_the_lock_knows_leads_to_one_verb(state: State) -> None:
    verbs = {
        State.UNKNOWN: "blocked",
        State.NOT_CHARGED: "generate",
        State.PENDING: "resume",
        State.LOST: "resume",
        State.FAILED: "generate",
        State.FAILED_CHARGED: "generate",
        State.DONE: "resume",
    }
    known_id = None if state in {State.UNKNOWN, State.NOT_CHARGED} else "ace_1"
    assert only(planned(request(), held=(entry(state=state, request_id=known_id),))).verb == verbs[state]


# ---------------------------------------------------------------- what is in the way


def test_an_output_changed_by_hand_blocks_its_job() -> None:
    action = only(planned(request(), held=(entry(),), outputs={"audio/title.wav": sha("mine")}, blobs={sha("one")}))
    assert action.verb == "blocked"
    assert action.reason == r.EditedOutput(path="audio/title.wav")


def test_lost_audio_is_asked_for_again_at_no_cost() -> None:
    action = only(planned(request(), held=(entry(),)))
    assert (action.verb, action.cost.worst) == ("resume", Decimal(0))
    assert action.submission is not None
    assert (action.submission.phase, str(action.submission.request_id)) == (Phase.DONE, "ace_1")


def test_lost_audio_is_asked_for_although_the_lock_has_but_a_digest_of_the_receipt() -> None:
    action = only(planned(request(), held=(entry(request_id="sha256:" + "0" * 64),)))
    assert (action.verb, action.cost.worst) == ("resume", Decimal(0))


def test_lost_audio_of_a_free_model_is_made_again() -> None:
    free = request(free=True)
    asked = only(planned(free, held=(entry(),)))
    assert (asked.verb, asked.reason) == ("resume", r.AudioMissing(path="audio/title.wav")), "by its receipt first"
    assert only(planned(free, held=(entry(),), pollable=())).verb == "regenerate"


def test_lost_audio_with_a_receipt_that_opens_nothing_is_never_paid_again_unasked() -> None:
    action = only(planned(request(), held=(entry(request_id=""),)))
    assert action.verb == "blocked"
    action = only(planned(request(), held=(entry(),), pollable=()))
    assert action.verb == "blocked"
    assert action.reason == r.AudioLost(path="audio/title.wav")


# ---------------------------------------------------------------- the whole plan


def test_actions_stand_in_the_order_of_the_file() -> None:
    names = ["zeta", "alpha", "mid"]
    plan = planned(*(request(name, params={"prompt": name}) for name in names))
    assert [action.request.job for action in plan.actions] == names


def test_only_asked_jobs_are_in_the_plan_and_the_others_keep_what_is_theirs() -> None:
    plan = planned(
        request("a"), request("b"), asked=Selected(jobs=frozenset({"a"})), submissions=(submission("b", attempt="2"),)
    )
    assert [action.request.job for action in plan.actions] == ["a"]
    assert plan.collect == ()


def test_a_fingerprint_covers_exactly_what_is_sent() -> None:
    made = only(planned(request())).request
    assert fingerprint(made.model.id, made.params) == entry().fingerprint
