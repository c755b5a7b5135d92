"""A saved plan runs as it was, or not at all."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from runner.errors import DriftError, UsageError
from runner.plan.saved import load, refuse_stale, save, stale
from runner.records.catalog import Price
from runner.records.lock import Lock
from runner.records.pipeline import Pipeline, ProviderSettings
from runner.records.plan import Verb
from runner.records.reasons import UpToDate
from runner.records.source import Mark
from tests.report.scenes import PLAN, action, plan_of
from tests.support.catalog import shipped_catalog
from tests.support.made import entry, lock

if TYPE_CHECKING:
    from runner.records.plan import Plan

PROVIDERS = shipped_catalog().providers
PIPELINE = Pipeline(
    file="night.yaml", name="night", vars={}, env=(), providers={}, prices={}, budget_usd=Decimal(5), jobs=()
)
LOCK = lock(entry(job="logo"))
PLANNED = plan_of(action("title"), action("logo", Verb.REUSE, UpToDate(), entry=entry()))


def saved_data(todo: Plan = PLANNED) -> Any:
    return json.loads(json.dumps(save(todo, LOCK, PROVIDERS, {"file": "night.yaml"}, pipeline=PIPELINE)))


def with_request(**over: Any) -> Plan:
    first, *rest = PLANNED.actions
    return replace(PLANNED, actions=(replace(first, request=replace(first.request, **over)), *rest))


def test_the_same_plan_is_not_stale() -> None:
    assert stale(load(saved_data()), PLANNED, LOCK, PROVIDERS, pipeline=PIPELINE) is None
    refuse_stale(load(saved_data()), PLANNED, LOCK, PROVIDERS, pipeline=PIPELINE)


def test_another_place_in_the_file_is_the_same_plan() -> None:
    moved = with_request(mark=Mark(file="other.yaml", line=99, column=1))
    assert stale(load(saved_data()), moved, LOCK, PROVIDERS, pipeline=PIPELINE) is None


@pytest.mark.parametrize(
    "over",
    [
        {"params": {"prompt": "other", "seed": 7}},
        {"params": {"prompt": "low brass", "seed": 8}},
        {"output": "elsewhere"},
        {"take": 2},
        {"retries": 3},
        {"on_unknown": "resubmit"},
        {"price": Price(usd=Decimal("0.20"))},
        {"needs": ("logo",)},
    ],
    ids=str,
)
def test_another_request_is_refused_and_named(over: dict[str, Any]) -> None:
    said = stale(load(saved_data()), with_request(**over), LOCK, PROVIDERS, pipeline=PIPELINE)
    assert said == "these requests changed: title"


def test_another_job_is_refused() -> None:
    more = replace(PLANNED, actions=(*PLANNED.actions, action("new")))
    with pytest.raises(DriftError, match="these requests changed: new") as caught:
        refuse_stale(load(saved_data()), more, LOCK, PROVIDERS, pipeline=PIPELINE)
    assert caught.value.exit_code == 4


def test_another_lock_is_refused() -> None:
    assert stale(load(saved_data()), PLANNED, Lock(), PROVIDERS, pipeline=PIPELINE) == "the lock changed"


def test_another_catalogue_is_refused() -> None:
    model = replace(PLANNED.actions[0].request.model, path="/elsewhere")
    actions = tuple(replace(item, request=replace(item.request, model=model)) for item in PLANNED.actions)
    todo = replace(PLANNED, actions=actions)
    assert (
        stale(load(saved_data()), todo, LOCK, PROVIDERS, pipeline=PIPELINE)
        == "a model, its price or its provider's file changed"
    )
    slower = {**PROVIDERS, "pixazo": replace(PROVIDERS["pixazo"], poll_s=99.0)}
    assert (
        stale(load(saved_data()), PLANNED, LOCK, slower, pipeline=PIPELINE)
        == "a model, its price or its provider's file changed"
    )


@pytest.mark.parametrize(
    "said",
    [{"base_url": "https://elsewhere.example"}, {"api_key_env": "OTHER"}, {"max_in_flight": 9}, {"poll_s": 1.0}],
    ids=str,
)
def test_another_way_to_a_vendor_is_refused(said: dict[str, Any]) -> None:
    other = replace(PIPELINE, providers={"pixazo": ProviderSettings(**said)})
    why = "these settings of the pipeline changed: providers.pixazo"
    assert stale(load(saved_data()), PLANNED, LOCK, PROVIDERS, pipeline=other) == why


def test_a_vendor_that_the_plan_does_not_ask_may_change() -> None:
    other = replace(PIPELINE, providers={"verbatik": ProviderSettings(poll_s=1.0)})
    assert stale(load(saved_data()), PLANNED, LOCK, PROVIDERS, pipeline=other) is None


@pytest.mark.parametrize("budget", [None, Decimal(50)])
def test_another_budget_is_refused(budget: Decimal | None) -> None:
    other = replace(PIPELINE, budget_usd=budget)
    why = "these settings of the pipeline changed: budget"
    assert stale(load(saved_data()), PLANNED, LOCK, PROVIDERS, pipeline=other) == why


def test_something_else_to_do_is_refused() -> None:
    first, second = PLANNED.actions
    todo = replace(PLANNED, actions=(first, replace(second, verb=Verb.RESTORE)))
    assert stale(load(saved_data()), todo, LOCK, PROVIDERS, pipeline=PIPELINE) == "what a run would do changed for logo"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (None, "not a saved plan"),
        ([], "not a saved plan"),
        ({"kind": "terraform"}, "not a saved plan"),
        ({"kind": "scorefile plan", "version": 1}, r"unsupported plan version 1 \(expected 2\)"),
        (
            {**save(PLANNED, LOCK, PROVIDERS, {}, pipeline=PIPELINE), "ask": {"force": True}},
            "changed after it was made",
        ),
        ({**save(PLANNED, LOCK, PROVIDERS, {}, pipeline=PIPELINE), "verbs": {}}, "changed after it was made"),
    ],
)
def test_what_is_no_saved_plan_is_refused(data: Any, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        load(data)


def test_a_plan_with_everything_can_be_saved() -> None:
    data = saved_data(PLAN.todo)
    assert set(load(data).requests) == {item.request.job for item in PLAN.todo.actions}
