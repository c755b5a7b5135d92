from __future__ import annotations

from runner.provider.rate_limit import Backoff, RateLimit
from runner.records.endings import TooManyUnknown, TooMuchBadContent
from runner.records.limits import DEFAULT_LIMITS, Limits


def test_tries_end_after_the_last() -> None:
    tries = Backoff(DEFAULT_LIMITS, tries=3, first_s=1.0, max_s=4.0)
    waits = [tries.next_wait_s() for _ in range(3)]
    assert waits[2] is None
    assert all(wait is not None and 0 <= wait <= 4 for wait in waits[:2])
    assert tries.failed == 3


def test_waits_are_jittered_and_grow_up_to_a_ceiling() -> None:
    firsts, lasts = [], []
    for _ in range(200):
        tries = Backoff(DEFAULT_LIMITS, tries=9, first_s=1.0, max_s=4.0)
        waits = [tries.next_wait_s() or 0.0 for _ in range(8)]
        firsts.append(waits[0])
        lasts.append(waits[-1])
    assert 0 <= min(firsts) <= max(firsts) <= 1
    assert 1 < max(lasts) <= 4
    assert len(set(lasts)) > 100


def test_a_servers_own_wish_wins_up_to_a_ceiling() -> None:
    tries = Backoff(DEFAULT_LIMITS, tries=9, first_s=1.0, max_s=4.0)
    assert tries.next_wait_s(17.0) == 17.0
    assert tries.next_wait_s(1e9) == 300.0


def test_waits_can_be_shortened_and_a_pause_that_is_asked_for_cannot() -> None:
    tries = Backoff(Limits(wait_scale=0.001, max_retry_after_s=7.0), tries=9, min_s=10.0, first_s=20.0, max_s=20.0)
    assert 0.01 <= (tries.next_wait_s() or 0.0) <= 0.03
    assert tries.next_wait_s(5.0) == 5.0
    assert tries.next_wait_s(9.0) == 7.0


def test_a_vendor_takes_as_many_as_it_has_slots() -> None:
    rate_limit = RateLimit(slots=2, window=None)
    for _ in range(2):
        assert rate_limit.wait_s(0.0) == 0.0
        rate_limit.acquire(0.0)
    assert rate_limit.wait_s(0.0) is None
    rate_limit.release()
    assert rate_limit.wait_s(0.0) == 0.0


def test_jobs_of_an_earlier_run_have_slots_whether_there_are_enough_or_not() -> None:
    rate_limit = RateLimit(slots=2, window=(1, 10.0))
    for _ in range(3):
        rate_limit.hold(0.0)
    rate_limit.release()
    assert (rate_limit.in_flight, rate_limit.wait_s(0.0)) == (2, None)
    rate_limit.release()
    assert rate_limit.wait_s(0.0) == 0.0, "they are no requests of this run"


def test_a_documented_rate_is_a_sliding_window() -> None:
    rate_limit = RateLimit(slots=99, window=(2, 10.0))
    rate_limit.acquire(0.0)
    rate_limit.acquire(4.0)
    assert rate_limit.wait_s(5.0) == 5.0
    assert rate_limit.wait_s(10.0) == 0.0
    rate_limit.acquire(10.0)
    assert rate_limit.wait_s(10.0) == 4.0


def test_a_pause_that_a_vendor_asked_for_is_kept() -> None:
    rate_limit = RateLimit(slots=1, window=None)
    rate_limit.pause_until(30.0)
    rate_limit.pause_until(20.0)
    assert rate_limit.wait_s(10.0) == 20.0
    assert rate_limit.wait_s(30.0) == 0.0


def test_the_first_reason_to_close_stays() -> None:
    rate_limit = RateLimit(slots=1, window=None)
    first = TooManyUnknown(provider="Pixazo", count=3)
    rate_limit.close(first)
    rate_limit.close(TooManyUnknown(provider="Verbatik", count=3))
    assert rate_limit.closed is first


def test_a_provider_is_closed_after_three_pieces_that_cannot_be_played() -> None:
    rate_limit = RateLimit(slots=1, window=None)
    for _ in range(2):
        rate_limit.count_bad_content("Pixazo")
    assert rate_limit.closed is None
    rate_limit.count_bad_content("Pixazo")
    assert rate_limit.closed == TooMuchBadContent(provider="Pixazo", count=3)


def test_a_vendor_is_closed_after_too_many_doubts() -> None:
    rate_limit = RateLimit(slots=1, window=None)
    for _ in range(2):
        rate_limit.count_unknown("Pixazo")
    assert rate_limit.closed is None
    rate_limit.count_unknown("Pixazo")
    assert rate_limit.closed == TooManyUnknown(provider="Pixazo", count=3)
