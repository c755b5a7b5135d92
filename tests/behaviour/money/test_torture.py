"""The short form of tests/torture: the figures that must be nought, and a mutant that must not pass."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.command import fork_server
from tests.support.long import LONG, sampled
from tests.torture.__main__ import main
from tests.torture.syscalls import every_call, strace
from tests.torture.trial import KILLS as KILLED
from tests.torture.trial import Bench

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.support.vendor.process import RunningVendor
    from tests.torture.trial import Stage

KILLS = sampled(12, 1000)
UNTIL_CAUGHT = 200


@pytest.fixture
def bench(tmp_path: Path, scripted_vendor: RunningVendor) -> Callable[..., Bench]:
    """Return a function that makes a bench, with the fork server and the vendor of this worker."""

    def made(mutant: str | None = None, kills: Mapping[Stage, int] = KILLED) -> Bench:
        where: dict[str, Any] = {"vendor": scripted_vendor, "zygote": fork_server(), "folder": tmp_path}
        return Bench(**where, seed="suite", mutant=mutant, kills=kills)

    return made


@pytest.mark.sampled
@pytest.mark.timeout(600)
def test_kills_at_random_moments_cost_nothing_twice_and_lose_nothing(bench: Callable[..., Bench]) -> None:
    hit = bench()
    while hit.figures.kills < KILLS or (LONG and not _fell_where_it_matters(hit)):
        hit.trial()
    assert hit.figures.findings.all() == []
    assert hit.figures.most_doubts <= 2


def _fell_where_it_matters(hit: Bench) -> bool:
    """Tell whether kills fell into each stage and into both times of doubt; chance alone decides when that is so."""
    return set(hit.figures.stages) == set(KILLED) and {"intent", "accepted"} <= set(hit.figures.where)


@pytest.mark.parametrize(
    ("mutant", "kind", "kills"),
    [
        ("no-intent", "double", {"make": 8}),
        pytest.param("place-in-pieces", "bad", {"make": 8}, marks=pytest.mark.long),
        pytest.param("roll-again", "double", {"make": 0, "reroll": 8}, marks=pytest.mark.long),
        pytest.param("effects-before-rows", "lost", {"make": 8}, marks=pytest.mark.long),
    ],
)
def test_the_harness_catches_a_mutant(
    bench: Callable[..., Bench], mutant: str, kind: str, kills: Mapping[Stage, int]
) -> None:
    broken = bench(mutant, kills)
    while not getattr(broken.figures.findings, kind):
        assert broken.figures.kills < UNTIL_CAUGHT
        broken.trial()


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.skipif(strace() is None, reason="strace is not installed, or may not attach")
def test_a_kill_at_a_system_call_costs_nothing_twice_and_loses_nothing(bench: Callable[..., Bench]) -> None:
    calls = every_call(bench(), step=10)
    assert calls.points >= 8
    assert calls.findings.all() == []


@pytest.mark.long
def test_the_command_of_make_torture_tells_what_it_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--kills", "2", "--workers", "1", "--seed", "suite", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["kills"] >= 2
    assert (figures["found"], figures["counts"]["double"]) == ([], 0)
