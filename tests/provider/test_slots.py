"""A provider that says no by 429, simulated with its jobs: how long they take, and how often it refuses."""

from __future__ import annotations

import heapq
import itertools
import math
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.provider.rate_limit import Backoff, RateLimit
from runner.provider.slots import FIRST, TRIAL_S, Slot, Slots
from runner.records.limits import DEFAULT_LIMITS

if TYPE_CHECKING:
    from collections.abc import Callable

RTT_S = 0.03


@dataclass(kw_only=True)
class Vendor:
    """Jobs of `latency_s`, of which `allowed(now)` may be in progress, and `window` (count, seconds) may begin."""

    latency_s: float = 1.0
    poll_s: float = 0.1
    allowed: Callable[[float], float] = lambda _now: math.inf
    window: tuple[int, float] | None = None
    retry_after_s: float | None = None
    begun: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)

    def takes(self, now: float) -> bool:
        """Answer a submission."""
        running = sum(begun + self.latency_s > now for begun in self.begun)
        count, within_s = self.window or (math.inf, 0.0)
        ok = running < self.allowed(now) and sum(begun + within_s > now for begun in self.begun) < count
        (self.begun if ok else self.refused).append(now)
        return ok


@dataclass(frozen=True, kw_only=True)
class Result:
    """How a run went."""

    seconds: float
    failed: int
    """Jobs without a try left."""
    skipped: int
    limit: RateLimit


def simulate(vendor: Vendor, *, jobs: int, most: int = 32, learned: int | None = None) -> Result:
    """Run jobs as the engine does, on a clock of its own."""
    limit = RateLimit(slots=most, window=None, learned=learned)
    waiting = deque(tries() for _ in range(jobs))
    events: list[tuple[float, int, Callable[[], None]]] = []
    numbers, now, failed = itertools.count(), 0.0, 0

    def later(at: float, what: Callable[[], None]) -> None:
        heapq.heappush(events, (at, next(numbers), what))

    def answer(job: Backoff, slot: Slot, *, taken: bool) -> None:
        nonlocal failed
        if taken:
            limit.accept(slot, now)
            polls = math.ceil(vendor.latency_s / vendor.poll_s) + 1
            later(now + polls * vendor.poll_s, limit.release)
            return
        limit.release()
        if limit.refuse(slot, job, now=now, retry_after_s=vendor.retry_after_s):
            waiting.appendleft(job)
        else:
            failed += 1

    def submit() -> None:
        job, slot = waiting.popleft(), limit.acquire(now)

        def arrive() -> None:
            taken = vendor.takes(now)
            later(now + RTT_S / 2, lambda: answer(job, slot, taken=taken))

        later(now + RTT_S / 2, arrive)

    while (waiting and not limit.is_always_busy) or events:
        wait_s = limit.wait_s(now) if waiting and not limit.is_always_busy else None
        if wait_s == 0.0:
            submit()
        elif wait_s is not None and (not events or now + wait_s < events[0][0]):
            now += wait_s
        else:
            now, _, what = heapq.heappop(events)
            what()
    return Result(seconds=now, failed=failed, skipped=len(waiting), limit=limit)


def tries() -> Backoff:
    """Return six tries that are four seconds apart, not a random time: a simulation goes the same way each time."""
    return Backoff(DEFAULT_LIMITS, tries=6, min_s=4.0, first_s=0.0, max_s=0.0)


def five(_now: float) -> float:
    return 5


@pytest.mark.parametrize("latency_s", [0.2, 0.97, 1.0, 1.05, 1.33, 5.0, 60.0])
def test_a_provider_that_allows_five_jobs_is_kept_busy_and_seldom_refuses(latency_s: float) -> None:
    vendor = Vendor(latency_s=latency_s, allowed=five)
    done = simulate(vendor, jobs=100)
    round_s = (math.ceil(latency_s / vendor.poll_s) + 1) * vendor.poll_s
    assert (len(vendor.begun), done.failed) == (100, 0)
    assert done.seconds <= 20 * (round_s + RTT_S) + 1
    assert len(vendor.refused) < 20
    assert done.limit.learned == 5


def test_the_storm_of_a_hundred_jobs_of_a_second_takes_at_most_a_fifth_longer_than_it_must() -> None:
    vendor = Vendor(allowed=five)
    assert simulate(vendor, jobs=100).seconds <= 24
    assert len(vendor.refused) <= 8


def test_a_second_run_starts_with_what_the_first_has_learned() -> None:
    vendor = Vendor(allowed=five)
    done = simulate(vendor, jobs=100, learned=5)
    assert done.seconds <= 24
    assert len(vendor.refused) <= 3
    assert sum(at < 5 for at in vendor.refused) == 1, "one more than is known is tried at once"


def test_a_provider_that_refuses_nothing_soon_has_all_its_slots() -> None:
    vendor = Vendor()
    done = simulate(vendor, jobs=400)
    assert done.seconds <= math.ceil(400 / 32) * (1.1 + RTT_S) + 4 * RTT_S
    assert done.limit.learned is None


def test_a_provider_that_refuses_nothing_gets_more_jobs_at_once_from_answer_to_answer() -> None:
    vendor = Vendor(latency_s=20.0)
    simulate(vendor, jobs=1000, most=1000)
    assert max(vendor.begun) <= 10 * RTT_S, "a slot for each answer alone takes 166 answers"


@pytest.mark.parametrize("learned", [1, 5])
def test_a_provider_that_allows_more_than_it_did_is_found_out(learned: int) -> None:
    done = simulate(Vendor(latency_s=60.0), jobs=400, learned=learned)
    assert done.limit.learned is None
    assert done.seconds <= 1.1 * 400 / 32 * 60


def test_a_provider_that_allows_less_for_a_while_gets_less_for_a_while() -> None:
    vendor = Vendor(allowed=lambda now: 2 if 10 < now < 30 else 8)
    done = simulate(vendor, jobs=300)
    assert (done.failed, done.limit.learned) == (0, 8)
    assert len(vendor.refused) < 60


@pytest.mark.parametrize("retry_after_s", [None, 3.0])
@pytest.mark.parametrize(("latency_s", "jobs", "ideal_s"), [(1.0, 100, 91.0), (60.0, 300, 350.0)])
def test_a_provider_that_allows_ten_requests_in_ten_seconds_is_not_taken_for_one_with_few_slots(
    latency_s: float, jobs: int, ideal_s: float, retry_after_s: float | None
) -> None:
    vendor = Vendor(latency_s=latency_s, window=(10, 10.0), retry_after_s=retry_after_s)
    done = simulate(vendor, jobs=jobs, most=100)
    assert done.failed == 0
    assert done.seconds <= 1.6 * ideal_s
    assert len(vendor.refused) < jobs


def test_nothing_is_submitted_before_the_time_that_a_refusal_names() -> None:
    vendor = Vendor(allowed=five, retry_after_s=4.0)
    simulate(vendor, jobs=30)
    sent = sorted([*vendor.begun, *vendor.refused])
    for refused in vendor.refused:
        assert not [at for at in sent if refused + RTT_S < at < refused + 4.0]


def test_a_provider_that_refuses_for_ever_gets_six_tries_a_job_and_nothing_more_after_half_an_hour() -> None:
    vendor = Vendor(allowed=lambda _now: 0)
    done = simulate(vendor, jobs=200)
    assert len(vendor.refused) == FIRST - 1 + 6 * done.failed, "those of the first moment saw each other in flight"
    assert 1800 <= done.seconds < 1830
    assert (done.failed > 1, done.failed + done.skipped) == (True, 200)


def test_a_provider_that_is_back_after_ten_minutes_makes_what_is_left() -> None:
    vendor = Vendor(allowed=lambda now: 0 if 10 < now < 610 else 8)
    done = simulate(vendor, jobs=300)
    assert (done.failed, done.skipped) == (300 - len(vendor.begun), 0)
    assert done.failed < 40


def test_a_refusal_while_other_jobs_are_in_flight_costs_no_try() -> None:
    limit, job = RateLimit(slots=9, window=None), tries()
    limit.accept(limit.acquire(0.0), 0.0)
    for _ in range(20):
        slot = limit.acquire(0.0)
        limit.release()
        assert limit.refuse(slot, job, now=0.0, retry_after_s=None)
    assert job.failed == 0


def test_the_refusals_of_one_moment_reduce_the_slots_to_what_was_accepted() -> None:
    slots = Slots(64, learned=16)
    taken = [slots.take(0.0) for _ in range(16)]
    for slot in taken[13:]:
        slots.give_back()
        slots.refused(slot, 0.1)
    for slot in taken[:13]:
        slots.accepted(slot, 0.1)
    assert slots.learned == 13


def test_the_refusals_of_one_moment_leave_most_of_the_slots() -> None:
    slots = Slots(64, learned=10)
    taken = [slots.take(0.0) for _ in range(10)]
    for slot in taken[1:]:
        slots.give_back()
        slots.refused(slot, 0.1)
    assert slots.learned == 8


def test_a_refusal_with_nothing_in_flight_says_nothing_about_slots() -> None:
    slots = Slots(64)
    slot = slots.take(0.0)
    slots.give_back()
    slots.refused(slot, 0.1)
    assert slots.learned is None


def test_after_a_refusal_one_job_is_tried_alone_until_it_is_accepted() -> None:
    slots = Slots(64, learned=2)
    first, second = slots.take(0.0), slots.take(0.0)
    slots.give_back()
    slots.refused(second, 0.1)
    slots.accepted(first, 0.1)
    slots.give_back()
    trial = slots.take(1.0)
    assert slots.free_at() is None or (slots.free_at() or 0.0) >= 1.0 + TRIAL_S
    slots.accepted(trial, 1.5)
    slots.give_back()
    assert (slots.free_at() or 0.0) <= 1.5


@pytest.mark.parametrize(("learned", "count"), [(99, 8), (8, 8), (5, 5), (0, 1), (-7, 1), (None, FIRST)])
def test_what_was_learned_stays_within_what_is_allowed(learned: int | None, count: int) -> None:
    slots = Slots(8, learned=learned)
    taken = 0
    while slots.in_use < 8 and (slots.free_at() or 0.0) <= 0.0 and not slots.take(0.0).is_probe:
        taken += 1
    assert taken == count


@given(
    st.integers(1, 40),
    st.none() | st.integers(-5, 99),
    st.lists(st.tuples(st.sampled_from(["take", "accept", "refuse", "end"]), st.integers(0, 99), st.floats(0, 20))),
)
def test_whatever_happens_no_more_jobs_are_in_progress_than_are_allowed(
    most: int, learned: int | None, steps: list[tuple[str, int, float]]
) -> None:
    slots, now = Slots(most, learned=learned), 0.0
    unanswered, running = list[Slot](), 0
    for what, which, passed_s in steps:
        now += passed_s
        free_at = slots.free_at()
        if what == "take" and free_at is not None and free_at <= now:
            unanswered.append(slots.take(now))
        elif what == "end" and running:
            slots.give_back()
            running -= 1
        elif what == "accept" and unanswered:
            slots.accepted(unanswered.pop(which % len(unanswered)), now)
            running += 1
        elif what == "refuse" and unanswered:
            slot = unanswered.pop(which % len(unanswered))
            slots.give_back()
            slots.refused(slot, now)
        assert slots.in_use == len(unanswered) + running <= most
        assert slots.learned is None or 1 <= slots.learned < most
    for _ in range(slots.in_use):
        slots.give_back()
    assert slots.free_at() is not None, "with nothing in progress there is always a next time"
