"""Permission to submit."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from runner.engine.effects import RunSettings, Turn, World
from runner.engine.turns import Turns
from runner.provider.access import ProviderAccess
from runner.records.limits import DEFAULT_LIMITS
from tests.support.catalog import shipped_catalog
from tests.support.lab import Vendor

NOW = 1000.0


@pytest.mark.parametrize(
    ("waited_s", "given"), [(None, True), (1.0, True), (DEFAULT_LIMITS.max_fetch_wait_s + 1, False)]
)
def test_a_finished_job_that_waits_long_for_its_download_stops_submissions(waited_s: float | None, given: bool) -> None:
    provider = replace(shipped_catalog().providers["pixazo"], base_url="http://127.0.0.1:1")
    with ThreadPoolExecutor(1) as cpu:
        world = World(
            now=lambda: datetime(2026, 1, 1, tzinfo=UTC),
            monotonic=lambda: NOW,
            token=lambda: "a1",
            transport=Vendor(),
            fetcher=Vendor(),
            cpu=cpu,
            stop=threading.Event(),
        )
        settings = RunSettings(providers={"pixazo": ProviderAccess(provider=provider)}, jobs=8, budget_usd=None)
        turns: Turns[str] = Turns(settings, world)
        turns.add("next", Turn(job="next", provider="pixazo", worst=Decimal(0)))
        oldest = None if waited_s is None else NOW - waited_s
        assert list(turns.give(broken=None, oldest_fetch=oldest)) == ([("next", None)] if given else [])
