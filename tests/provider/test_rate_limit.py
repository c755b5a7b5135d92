from __future__ import annotations

from runner.provider.rate_limit import Pace, Refusal, Tries
from runner.records.limits import DEFAULT_LIMITS, Limits


def test_tries_end_after_the_last() -> None:
    tries = Tries(DEFAULT_LIMITS, most=3, first_s=1.0, most_s=4.0)
    waits = [tries.again_in_s() for _ in range(3)]
    assert waits[2] is None
    assert all(wait is not None and 0 <= wait <= 4 for wait in waits[:2])
    assert tries.made == 3


def test_waits_are_jittered_and_grow_up_to_a_ceiling() -> None:
    firsts, lasts = [], []
    for _ in range(200):
        tries = Tries(DEFAULT_LIMITS, most=9, first_s=1.0, most_s=4.0)
        waits = [tries.again_in_s() or 0.0 for _ in range(8)]
        firsts.append(waits[0])
        lasts.append(waits[-1])
    assert 0 <= min(firsts) <= max(firsts) <= 1
    assert 1 < max(lasts) <= 4
    assert len(set(lasts)) > 100


def test_a_servers_own_wish_wins_up_to_a_ceiling() -> None:
    tries = Tries(DEFAULT_LIMITS, most=9, first_s=1.0, most_s=4.0)
    assert tries.again_in_s(17.0) == 17.0
    assert tries.again_in_s(1e9) == 300.0


def test_waits_can_be_shortened_and_a_pause_that_is_asked_for_cannot() -> None:
    tries = Tries(Limits(wait_scale=0.001, max_retry_after_s=7.0), most=9, least_s=10.0, first_s=20.0, most_s=20.0)
    assert 0.01 <= (tries.again_in_s() or 0.0) <= 0.03
    assert tries.again_in_s(5.0) == 5.0
    assert tries.again_in_s(9.0) == 7.0


def test_a_vendor_takes_as_many_as_it_has_slots() -> None:
    pace = Pace(slots=2, window=None)
    for _ in range(2):
        assert pace.wait_s(0.0) == 0.0
        pace.enter(0.0)
    assert pace.wait_s(0.0) is None
    pace.leave()
    assert pace.wait_s(0.0) == 0.0


def test_a_documented_rate_is_a_sliding_window() -> None:
    pace = Pace(slots=99, window=(2, 10.0))
    pace.enter(0.0)
    pace.enter(4.0)
    assert pace.wait_s(5.0) == 5.0
    assert pace.wait_s(10.0) == 0.0
    pace.enter(10.0)
    assert pace.wait_s(10.0) == 4.0


def test_a_pause_that_a_vendor_asked_for_is_kept() -> None:
    pace = Pace(slots=1, window=None)
    pace.hold(30.0)
    pace.hold(20.0)
    assert pace.wait_s(10.0) == 20.0
    assert pace.wait_s(30.0) == 0.0


def test_the_first_reason_to_close_stays() -> None:
    pace = Pace(slots=1, window=None)
    first = Refusal(message="no key")
    pace.close(first)
    pace.close(Refusal(message="other"))
    assert pace.closed is first


def test_a_vendor_is_closed_after_too_many_doubts() -> None:
    pace = Pace(slots=1, window=None)
    for _ in range(2):
        pace.doubt("Pixazo")
    assert pace.closed is None
    pace.doubt("Pixazo")
    refusal: Refusal | None = pace.closed
    assert refusal is not None
    assert refusal.message == "3 submits to Pixazo have no proven outcome; no more are made"
