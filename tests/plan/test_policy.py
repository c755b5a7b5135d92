"""What a run may not do: pass its budget, spend what nobody can tell, change a lock that it was told to keep."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from runner.errors import PolicyError
from runner.plan.decide import decide
from runner.plan.facts import Facts, Selected
from runner.plan.policy import least, out_of_date, refuse_cost
from runner.records.catalog import Price
from runner.records.plan import Plan
from runner.records.reasons import FreeAudioMissing
from runner.records.submission import Phase
from tests.support.catalog import shipped_catalog
from tests.support.made import entry, known, request, sha, submission, take

if TYPE_CHECKING:
    from collections.abc import Container

    from runner.records.lock import Entry
    from runner.records.plan import Action
    from runner.records.request import Request
    from runner.records.submission import Submission
from runner.report.lock_drift import lock_out_of_date

UNKNOWN, ENDLESS = Price(), Price(usd=Decimal("0.10"), per="minute")
MINUTE_MUSIC = "pixverse/music-2.6"


def plan(
    *requests: Request,
    held: tuple[Entry, ...] = (),
    outputs: dict[str, str | None] | None = None,
    blobs: Container[str] = (),
    submissions: tuple[Submission, ...] = (),
) -> Plan:
    lock, attempts = known(*held, submissions=submissions)
    facts = Facts(
        models=shipped_catalog().models,
        lock=lock,
        submissions=attempts,
        outputs=outputs or {},
        blobs=blobs,
        pollable=(),
    )
    return decide(requests, facts, Selected())


def with_seeds(*names: str, price: Price | None = None) -> tuple[Request, ...]:
    return tuple(
        request(name, seed=number) if price is None else request(name, seed=number, price=price)
        for number, name in enumerate(names, 1)
    )


@pytest.mark.parametrize(
    ("limits", "lowest"),
    [((), None), ((None, None), None), ((Decimal(2), None), 2), ((Decimal(2), Decimal(1)), 1), ((Decimal(0), None), 0)],
)
def test_the_lowest_limit_holds_and_none_at_all_is_none(limits: tuple[Decimal | None, ...], lowest: int | None) -> None:
    assert least(*limits) == lowest


def test_without_a_budget_any_cost_is_allowed() -> None:
    refuse_cost(plan(request(price=UNKNOWN)), None)
    refuse_cost(plan(request(price=Price(usd=Decimal(10**6)))), None)


def test_the_budget_itself_may_be_spent_and_a_cent_more_may_not() -> None:
    todo = plan(*with_seeds("a", "b", "c"))
    refuse_cost(todo, Decimal("0.30"))
    with pytest.raises(PolicyError) as caught:
        refuse_cost(todo, Decimal("0.29"))
    assert str(caught.value) == "this run may cost $0.30, which is over the budget of $0.29"
    assert caught.value.help == "name fewer jobs, or raise `budget` or --max-cost"


def test_retries_count_against_the_budget() -> None:
    todo = plan(request(retries=2))
    refuse_cost(todo, Decimal("0.30"))
    with pytest.raises(PolicyError, match=r"this run may cost \$0\.30, which is over the budget of \$0\.29"):
        refuse_cost(todo, Decimal("0.29"))


def test_a_budget_of_nothing_lets_free_jobs_through() -> None:
    refuse_cost(plan(request(free=True)), Decimal(0))
    with pytest.raises(PolicyError, match=r"\$0\.10, which is over the budget of \$0\.00"):
        refuse_cost(plan(request()), Decimal(0))


@pytest.mark.parametrize(
    ("names", "said"),
    [("a", "a"), ("abc", "a, b, c"), ("abcd", "a, b, c and 1 more"), ("abcdefgh", "a, b, c and 5 more")],
)
def test_a_budget_refuses_an_unknown_price(names: str, said: str) -> None:
    with pytest.raises(PolicyError) as caught:
        refuse_cost(plan(*with_seeds(*names, price=UNKNOWN)), Decimal(5))
    assert str(caught.value) == f"cannot enforce the budget of $5.00: the price of {said} is unknown"
    assert caught.value.help == (
        "write the price under `prices:` in the pipeline, or run without a budget; "
        "a price of 0 counts only in the model files that come with Scorefile"
    )


def test_what_is_reused_needs_no_price() -> None:
    todo = plan(request(price=UNKNOWN), held=(entry(),), outputs={"audio/title.wav": sha("one")})
    refuse_cost(todo, Decimal(0))


def test_a_budget_refuses_a_price_by_the_minute_without_a_longest_length() -> None:
    endless = request(model="pixazo/lyria-2", seed=None, price=ENDLESS)
    todo = plan(*with_seeds("x", price=UNKNOWN), endless)
    with pytest.raises(PolicyError) as caught:
        refuse_cost(todo, Decimal(5))
    assert str(caught.value) == (
        "cannot enforce the budget of $5.00: title has no maximum length, so the worst-case price is unknown"
    )
    assert caught.value.help == (
        "set max_minutes under `prices:`, {pixazo/lyria-2: {per_minute: 0.10, max_minutes: 5}}, "
        "or set a duration where the model takes one"
    )


def test_a_lock_that_is_to_be_kept_refuses_what_would_be_made_and_what_is_not_made_yet() -> None:
    kept = request("kept", output="audio/kept")
    held = (
        entry(job="kept", path="audio/kept.wav"),
        entry({"prompt": "old", "seed": 7}, attempt="a2", job="changed", request_id="ace_2"),
    )
    files: dict[str, str | None] = {"audio/kept.wav": sha("one")}
    assert out_of_date(plan(kept, held=held, outputs=files)) == ()
    todo = plan(request("changed"), kept, request("fresh", params={"prompt": "other"}), held=held, outputs=files)
    assert [action.request.job for action in out_of_date(todo)] == ["changed", "fresh"]
    refused = lock_out_of_date(out_of_date(todo))
    assert refused.exit_code == 4
    assert refused.message == "the lock is out of date for changed, fresh: 2 jobs need making"
    assert refused.help == (
        "changed: prompt changed; fresh: not made yet; run without --locked or SCOREFILE_LOCKED to update it"
    )


def test_audio_that_is_only_missing_here_is_no_change_of_the_lock() -> None:
    (lost,) = plan(request(free=True), held=(entry(),)).actions
    here = replace(lost.request, model=replace(lost.request.model, runs_here=True))
    assert (lost.verb, lost.reason) == ("regenerate", FreeAudioMissing(path="audio/title.wav"))
    assert is_out_of_date(lost), "a provider would have to make it"
    assert not is_out_of_date(replace(lost, request=here))


def is_out_of_date(action: Action) -> bool:
    return out_of_date(Plan(actions=(action,), low=None, worst=None)) == (action,)


def test_a_lock_is_out_of_date_for_another_name_take_or_place() -> None:
    store = {sha("one"), sha("two")}
    both = entry(None, take(), take("two"))
    assert out_of_date(plan(request(takes=2), held=(both,), blobs=store)) == ()
    for changed in (request("new", takes=2), request(takes=2, take=2), request(takes=2, output="audio/new")):
        (action,) = out_of_date(plan(changed, held=(both,), blobs=store))
        assert action.verb == "restore"


def test_a_lock_is_out_of_date_while_a_receipt_waits() -> None:
    (action,) = out_of_date(plan(request(), submissions=(submission(phase=Phase.ACCEPTED),)))
    assert action.verb == "resume"
