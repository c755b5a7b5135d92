"""The short form of tests/torture: the figures that must be nought, and a mutant that must not pass."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.torture.syscalls import every_call, strace

ROOT = Path(__file__).parents[3]
CALLS = 60
SHARDS = 2


def torture(*args: str) -> dict[str, Any]:
    """Run the harness in a process of its own and return its figures."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.torture", "--json", "--seed", "suite", *args],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.stdout, done.stderr
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def test_two_hundred_kills_cost_nothing_twice_and_lose_nothing() -> None:
    figures = torture("--kills", "200")
    assert figures["kills"] >= 200
    assert figures["found"] == []
    assert figures["most_doubts"] <= 2
    assert {"intent", "accepted"} <= set(figures["where"]), "kills fell where it matters"


@pytest.mark.parametrize(("mutant", "kind"), [("no-intent", "double"), ("place-in-pieces", "bad")])
def test_the_harness_catches_a_mutant(mutant: str, kind: str) -> None:
    assert torture("--kills", "40", "--mutant", mutant)["counts"][kind] > 0


@pytest.mark.skipif(strace() is None, reason="strace is not installed, or may not attach")
@pytest.mark.parametrize("shard", range(SHARDS))
def test_a_kill_at_a_system_call_costs_nothing_twice_and_loses_nothing(tmp_path: Path, shard: int) -> None:
    calls = every_call(tmp_path, step=CALLS, first=shard * CALLS // SHARDS)
    assert calls.points >= 8
    assert calls.findings.all() == []
