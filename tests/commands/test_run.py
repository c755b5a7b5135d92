"""A run in a world of its own: the provider in memory, everything else real. The provider's ledger judges."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from runner.commands.options import CommandOptions, Operator, RunOptions
from runner.commands.run import run
from runner.commands.session import open_session
from runner.commands.world import real_world
from runner.errors import DriftError, PolicyError
from tests.support.lab import BASE, PRICE, Listener, Vendor

if TYPE_CHECKING:
    from pathlib import Path

    from runner.commands.session import Session
    from runner.provider.downloads import Fetcher
    from runner.records.plan import Plan
    from runner.state.blobs.incoming import Incoming

PIPELINE = """version: 1
name: trial
jobs:
  a: {model: pixazo/lyria-3-pro, prompt: low brass}
  b: {model: pixazo/lyria-3-pro, prompt: high strings, needs: [a]}
"""
KEYS = {"PIXAZO_API_KEY": "0123456789abcdef", "SCOREFILE_PIXAZO_BASE_URL": BASE, "SCOREFILE_PIXAZO_POLL_S": "0.01"}


@pytest.fixture
def vendor() -> Vendor:
    return Vendor()


@pytest.fixture
def session(tmp_path: Path, vendor: Vendor) -> Session:
    (tmp_path / "trial.yaml").write_text(PIPELINE)

    def fetcher(incoming: Incoming, _stop: threading.Event, _shown: frozenset[str]) -> Fetcher:
        vendor.incoming = incoming
        return vendor

    world = replace(real_world(), transport=lambda: vendor, fetcher=fetcher, cpu=lambda _options, _tasks: Listener())
    return open_session(CommandOptions(file=str(tmp_path / "trial.yaml"), env=KEYS), world)


def operator(seen: list[Plan] | None = None, *, refuse: bool = False) -> Operator:
    def confirm(todo: Plan) -> None:
        if seen is not None:
            seen.append(todo)
        if refuse:
            raise PolicyError("nothing was spent")

    return Operator(confirm=confirm, notify=lambda _progress: None, stop=threading.Event())


def test_a_run_makes_each_job_once_and_the_next_one_sends_nothing(session: Session, vendor: Vendor) -> None:
    seen: list[Plan] = []
    report = run(session, RunOptions(), operator(seen))
    assert (report.exit_code, report.did.spent_usd) == (0, 2 * PRICE)
    assert [outcome.result for outcome in report.did.outcomes] == ["made", "made"]
    assert [plan.worst for plan in seen] == [2 * PRICE]
    again = run(session.reread(), RunOptions(locked=True), operator(seen))
    assert [outcome.result for outcome in again.did.outcomes] == ["reused", "reused"]
    assert (len(vendor.charges), len(seen)) == (2, 1)


def test_a_plan_that_is_not_confirmed_costs_nothing(session: Session, vendor: Vendor) -> None:
    with pytest.raises(PolicyError, match="nothing was spent"):
        run(session, RunOptions(), operator(refuse=True))
    assert (vendor.charges, session.reread().submissions) == ([], ())


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (RunOptions(locked=True), DriftError, "the lock is out of date for a, b"),
        (RunOptions(max_cost=PRICE), PolicyError, "0.16"),
    ],
)
def test_what_is_not_allowed_is_refused_before_the_state_folder_is_made(
    session: Session, vendor: Vendor, options: RunOptions, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        run(session, options, operator())
    assert vendor.charges == []
    assert not session.project.state.exists()


def test_offline_no_provider_is_asked(session: Session, vendor: Vendor) -> None:
    report = run(session, RunOptions(offline=True), operator())
    assert ([outcome.result for outcome in report.did.outcomes], vendor.charges) == (["failed", "failed"], [])
