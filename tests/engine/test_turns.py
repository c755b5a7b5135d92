"""Permission to submit."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from runner.engine.effects import RunSettings, Turn, World
from runner.engine.turns import Turns
from runner.provider.access import ProviderAccess
from runner.provider.rate_limit import Backoff
from runner.provider.slots import FIRST
from runner.records.limits import DEFAULT_LIMITS
from tests.support.catalog import shipped_catalog
from tests.support.lab import Vendor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from runner.provider.slots import Slot

NOW = 1000.0


@pytest.fixture
def turns_of() -> Iterator[Callable[..., Turns[str]]]:
    """Return what makes the turns of a run at one provider."""
    with ThreadPoolExecutor(1) as cpu:

        def made(*, jobs: int = 8, **settings: Any) -> Turns[str]:
            provider = replace(shipped_catalog().providers["pixazo"], base_url="http://127.0.0.1:1", **settings)
            world = World(
                now=lambda: datetime(2026, 1, 1, tzinfo=UTC),
                monotonic=lambda: NOW,
                token=lambda: "a1",
                transport=Vendor(),
                fetcher=Vendor(),
                cpu=cpu,
                stop=threading.Event(),
            )
            run = RunSettings(providers={"pixazo": ProviderAccess(provider=provider)}, jobs=jobs, budget_usd=None)
            return Turns(run, world)

        yield made


def a_turn(job: str) -> Turn:
    """Return the wish of a job to submit."""
    return Turn(job=job, provider="pixazo", worst=Decimal(0))


def take_all(turns: Turns[str]) -> list[Slot]:
    """Let all jobs submit that may."""
    given = turns.give(broken=None, oldest_fetch=None)
    return [turns.rate_limits["pixazo"].acquire(NOW) for _ in given]


@pytest.mark.parametrize(
    ("waited_s", "given"), [(None, True), (1.0, True), (DEFAULT_LIMITS.max_fetch_wait_s + 1, False)]
)
def test_a_finished_job_that_waits_long_for_its_download_stops_submissions(
    turns_of: Callable[..., Turns[str]], waited_s: float | None, given: bool
) -> None:
    turns = turns_of()
    turns.add("next", a_turn("next"))
    oldest = None if waited_s is None else NOW - waited_s
    assert list(turns.give(broken=None, oldest_fetch=oldest)) == ([("next", None)] if given else [])


@pytest.mark.parametrize(
    ("settings", "is_filling"),
    [
        ({"max_in_flight": 100, "jobs": 100}, True),
        ({"max_in_flight": FIRST, "jobs": 100}, False),
        ({"max_in_flight": 100, "jobs": FIRST}, False),
        ({"max_in_flight": 100, "jobs": 100, "submits": (2, 10.0)}, False),
    ],
)
def test_a_provider_is_filled_while_jobs_wait_for_nothing_but_its_answers(
    turns_of: Callable[..., Turns[str]], settings: dict[str, Any], is_filling: bool
) -> None:
    turns = turns_of(**settings)
    for number in range(50):
        turns.add(str(number), a_turn(str(number)))
    assert take_all(turns)
    assert turns.is_filling("pixazo") is is_filling
    turns.clear()
    assert not turns.is_filling("pixazo"), "no job waits"


def test_a_provider_that_refused_a_job_is_not_filled_any_more(turns_of: Callable[..., Turns[str]]) -> None:
    turns = turns_of(max_in_flight=100, jobs=100)
    for number in range(50):
        turns.add(str(number), a_turn(str(number)))
    slot, *_ = take_all(turns)
    limit = turns.rate_limits["pixazo"]
    limit.release()
    limit.refuse(slot, Backoff(DEFAULT_LIMITS, tries=6, first_s=1.0, max_s=1.0), now=NOW, retry_after_s=None)
    assert not turns.is_filling("pixazo")
