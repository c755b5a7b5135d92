"""How long a run waits between polls."""

from __future__ import annotations

import pytest

from runner.engine.polls import GROWTH, STEADY_POLLS, poll_wait_s
from runner.records.limits import DEFAULT_LIMITS, Limits


@pytest.mark.parametrize("polls", range(STEADY_POLLS + 1))
def test_the_first_polls_keep_the_interval_of_the_provider(polls: int) -> None:
    assert poll_wait_s(polls, 5.0, DEFAULT_LIMITS) == 5.0


def test_later_polls_come_more_slowly() -> None:
    waits = [poll_wait_s(polls, 5.0, DEFAULT_LIMITS) for polls in range(STEADY_POLLS, STEADY_POLLS + 4)]
    assert waits == pytest.approx([5.0, 5.0 * GROWTH, 5.0 * GROWTH**2, 5.0 * GROWTH**3])


@pytest.mark.parametrize(("interval_s", "ceiling_s"), [(5.0, 30.0), (0.1, 30.0), (60.0, 60.0)])
def test_waits_have_a_ceiling_of_half_a_minute_or_the_interval_where_that_is_longer(
    interval_s: float, ceiling_s: float
) -> None:
    waits = [poll_wait_s(polls, interval_s, DEFAULT_LIMITS) for polls in range(200)]
    assert max(waits) == waits[-1] == ceiling_s


def test_the_ceiling_is_a_limit_of_the_run() -> None:
    assert poll_wait_s(99, 5.0, Limits(max_poll_wait_s=7.0)) == 7.0
