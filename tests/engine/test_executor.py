"""A loop that fails: it ends with its error, keeps no thread waiting, and pays for nothing twice."""

from __future__ import annotations

import threading
from concurrent.futures import Executor, Future
from typing import TYPE_CHECKING, Any

import pytest

from runner.records.result import Result
from tests.support.lab import Lab, Listener

if TYPE_CHECKING:
    from pathlib import Path


class Refusing(Executor):
    """Takes no work."""

    def submit(self, *_args: Any, **_more: Any) -> Future[Any]:
        """Raise what a pool raises that was shut down."""
        raise RuntimeError("cannot schedule new futures after shutdown")


def test_work_that_cannot_be_started_ends_its_job_and_what_was_paid_for_is_fetched_by_the_next_run(
    tmp_path: Path,
) -> None:
    lab = Lab(tmp_path / "project")
    lab.write({"a": "low brass", "b": "high strings"})
    lab.cpu = Refusing()
    outcomes = lab.run()
    assert [outcome.result for outcome in outcomes] == [Result.FAILED, Result.FAILED]
    assert "cannot schedule new futures" in str(outcomes[0].ending)
    lab.cpu = Listener()
    assert [outcome.result for outcome in lab.run()] == [Result.MADE, Result.MADE]
    assert len(lab.vendor.charges) == 2


class Clock:
    """Goes on with every look at it, and breaks at one of them."""

    def __init__(self, looks: int) -> None:
        self.looks = looks

    def __iter__(self) -> Clock:
        return self

    def __next__(self) -> int:
        self.looks -= 1
        if self.looks < 0:
            raise ValueError("the clock has stopped")
        return 1_000_000 - self.looks


@pytest.mark.parametrize("looks", [*range(0, 24, 3), 30, 40, 50, 60])
def test_a_loop_that_fails_in_each_turn_ends_with_its_error(tmp_path: Path, looks: int) -> None:
    lab = Lab(tmp_path / "project")
    lab.write({"a": "low brass", "b": "high strings"})
    ticks, threads = lab._ticks, threading.active_count()
    lab._ticks = Clock(looks)  # type: ignore[assignment]
    with pytest.raises(ValueError, match="the clock has stopped"):
        lab.run()
    assert threading.active_count() == threads
    lab._ticks = ticks
    lab.run()
    assert len(lab.vendor.charges) <= 2
