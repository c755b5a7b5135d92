"""Threads of the lanes: few while the loop is busy without more, more where it waits for them."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from runner.engine.effects import Lane, Work
from runner.engine.workers import LONG_S, Finished, Workers, _LaneThreads

if TYPE_CHECKING:
    from collections.abc import Iterator

JOBS = 16
MOST = 3 * Lane.FETCH.first
WORK = Work(lane=Lane.FETCH, call=lambda _gate: None)


@pytest.fixture
def lane() -> Iterator[_LaneThreads[str]]:
    """A lane whose threads all wait until the test ends."""
    end = threading.Event()

    def wait(_owner: str, _work: Work) -> None:
        end.wait()

    threads: _LaneThreads[str] = _LaneThreads(Lane.FETCH, MOST, wait)
    threads.begin()
    for number in range(4 * MOST):
        threads.put(str(number), WORK)
    while threads._waiting.qsize() > 4 * MOST - Lane.FETCH.first:
        time.sleep(0.001)
    yield threads
    end.set()
    threads.close()


def test_workers_that_are_not_entered_keep_no_process_alive() -> None:
    before = threading.active_count()
    workers = Workers[str](JOBS)
    assert threading.active_count() == before
    with workers:
        assert threading.active_count() > before
    assert threading.active_count() == before


def test_a_lane_gets_threads_until_its_work_no_longer_waits_for_one() -> None:
    all_there = threading.Barrier(JOBS)
    with Workers[str](JOBS) as workers:
        for number in range(JOBS):
            workers.start(str(number), Work(lane=Lane.FETCH, call=lambda _gate: all_there.wait(timeout=30)))
        done = 0
        while done < JOBS:
            for message in workers.messages(0.01):
                assert isinstance(message, Finished)
                assert message.error is None
                done += 1
            workers.grow()
        assert not workers.may_grow


def test_work_that_waits_for_the_first_time_adds_no_thread(lane: _LaneThreads[str]) -> None:
    lane.grow(time.monotonic(), busy=False)
    assert len(lane._threads) == Lane.FETCH.first
    lane.grow(time.monotonic(), busy=False)
    assert len(lane._threads) == 2 * Lane.FETCH.first


def test_a_loop_that_is_busy_with_what_the_threads_have_done_gets_no_more_of_them(lane: _LaneThreads[str]) -> None:
    for _ in range(5):
        lane.grow(lane._begun_s, busy=True)
    assert len(lane._threads) == Lane.FETCH.first


def test_a_lane_in_which_nothing_goes_on_gets_threads_in_any_case(lane: _LaneThreads[str]) -> None:
    for _ in range(2):
        lane.grow(lane._begun_s + 2 * LONG_S, busy=True)
    assert len(lane._threads) == 2 * Lane.FETCH.first


def test_a_lane_never_has_more_threads_than_it_may(lane: _LaneThreads[str]) -> None:
    for _ in range(9):
        lane.grow(time.monotonic(), busy=False)
    assert len(lane._threads) == MOST


def test_a_system_without_more_threads_is_no_error(lane: _LaneThreads[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    for _ in range(2):
        lane.grow(time.monotonic(), busy=False)
    assert len(lane._threads) == Lane.FETCH.first


def test_leaving_waits_for_all_work() -> None:
    done: list[int] = []
    with Workers[str](JOBS) as workers:
        for _ in range(20):
            workers.start("", Work(lane=Lane.FETCH, call=lambda _gate: done.append(1)))
    assert len(done) == 20
