"""When jobs are polled, after others like them: at the right moment, and never much later than without."""

from __future__ import annotations

import heapq
import random
from typing import TYPE_CHECKING

import pytest

from runner.engine.polls import poll_wait_s
from runner.provider.ready_times import KEPT, PARTS, ReadyTimes
from runner.records.limits import DEFAULT_LIMITS

if TYPE_CHECKING:
    from collections.abc import Callable


def test_a_job_of_which_nothing_is_known_is_polled_as_usual() -> None:
    times = ReadyTimes()
    times.note("other", waiting_s=1.0, ready_s=2.0, poll_s=1.0)
    assert times.wait_s("m", age_s=0.0, usual_s=5.0) == 5.0


def test_a_job_is_polled_at_parts_of_the_expected_time_then_when_others_were_ready_and_then_as_usual() -> None:
    times = ReadyTimes()
    times.note("m", waiting_s=39.0, ready_s=41.0, poll_s=5.0)
    ages, age = [], 0.0
    while age < 55:
        age += times.wait_s("m", age_s=age, usual_s=5.0)
        ages.append(age)
    assert ages == pytest.approx([10.0, 20.0, 30.0, 40.0, 41.0, 46.0, 51.0, 56.0])
    assert PARTS == 4


def test_when_jobs_were_still_waiting_is_remembered_while_they_are_polled_only_when_they_are_ready() -> None:
    times = ReadyTimes()
    times.note("m", waiting_s=59.0, ready_s=60.0, poll_s=5.0)
    for _ in range(10 * KEPT):
        times.note("m", waiting_s=45.0, ready_s=60.0, poll_s=5.0)
    assert times.wait_s("m", age_s=45.0, usual_s=5.0) == 15.0


def test_a_job_that_is_expected_soon_is_polled_then_and_not_an_interval_later() -> None:
    times = ReadyTimes()
    times.note("m", waiting_s=0.9, ready_s=1.1, poll_s=5.0)
    assert times.wait_s("m", age_s=0.0, usual_s=5.0) == 1.1


def played(
    took_s: Callable[[random.Random], float], *, poll_s: float, slots: int, jobs: int, learns: bool
) -> tuple[float, float]:
    """Play a run, and return how late a job was seen to be ready and how often it was polled, on average."""
    chance, times, late, polls = random.Random(1), ReadyTimes(), 0.0, 0
    heap: list[tuple[float, float, float, float, float, int]] = []
    waiting = iter(range(jobs))

    def push(begun: float, took: float, age: float, count: int) -> None:
        usual = poll_wait_s(count, poll_s, DEFAULT_LIMITS)
        wait = times.wait_s("m", age_s=age, usual_s=usual) if learns else usual
        heapq.heappush(heap, (begun + age + wait, chance.random(), begun, took, age, count + 1))

    for _, job in zip(range(slots), waiting, strict=False):
        push(job * 0.001, took_s(chance), 0.0, 0)
    while heap:
        at, _, begun, took, before, count = heapq.heappop(heap)
        age, polls = at - begun, polls + 1
        if age < took:
            push(begun, took, age, count)
            continue
        late += age - took
        times.note("m", waiting_s=before, ready_s=age, poll_s=poll_s)
        if next(waiting, None) is not None:
            push(at, took_s(chance), 0.0, 0)
    return late / jobs, polls / jobs


@pytest.mark.parametrize(
    ("took_s", "poll_s", "later", "oftener"),
    [
        (lambda _: 1.0, 0.05, 0.4, 0.4),
        (lambda chance: chance.uniform(0.9, 1.1), 0.05, 0.7, 0.5),
        (lambda chance: chance.uniform(30, 90), 5.0, 1.0, 0.9),
        (lambda chance: chance.gauss(60, 3), 5.0, 1.0, 0.6),
        (lambda chance: chance.expovariate(1 / 40) + 5, 5.0, 1.1, 1.1),
        (lambda chance: 2.0 if chance.random() < 0.3 else 60.0, 5.0, 2.7, 1.1),
    ],
    ids=["all the same", "almost the same", "wide", "around a minute", "now and then long", "some at once"],
)
def test_what_is_learned_saves_polls_or_time_and_costs_little_where_nothing_can_be_learned(
    took_s: Callable[[random.Random], float], poll_s: float, later: float, oftener: float
) -> None:
    late, polls = played(took_s, poll_s=poll_s, slots=40, jobs=400, learns=True)
    late_before, polls_before = played(took_s, poll_s=poll_s, slots=40, jobs=400, learns=False)
    assert late <= later * late_before
    assert polls <= oftener * polls_before
