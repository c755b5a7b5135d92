"""When polls are made: as soon as they are due, and never more in a second than the limit."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from runner.provider.poll_times import PollTimes


def test_a_poll_is_made_when_it_is_due() -> None:
    times = PollTimes(10.0)
    assert times.take(5.0, 0.0) == 5.0
    assert times.take(30.0, 0.0) == 30.0
    assert times.take(7.0, 0.0) == 7.0, "a later one that was taken first is not in its way"


def test_polls_that_are_due_together_are_spread() -> None:
    times = PollTimes(10.0)
    assert [times.take(5.0, 0.0) for _ in range(4)] == [5.0, 5.1, 5.2, 5.3]
    assert times.take(5.0, 0.0) == 5.4


@given(st.lists(st.floats(0, 20), max_size=200))
def test_no_second_has_more_polls_than_the_limit_and_none_is_early(dues: list[float]) -> None:
    times = PollTimes(4.0)
    taken = [times.take(due, 0.0) for due in dues]
    assert all(at >= due for at, due in zip(taken, dues, strict=True))
    assert len(set(taken)) == len(taken)
    assert max(Counter(int(at) for at in taken).values(), default=0) <= 4


def test_ten_thousand_polls_at_one_moment_take_no_search_through_all_of_them() -> None:
    times, steps = PollTimes(100.0), 0

    class Counting(dict[int, int]):
        def __getitem__(self, slot: int) -> int:
            nonlocal steps
            steps += 1
            return super().__getitem__(slot)

    times._taken = Counting()
    last = [times.take(0.0, 0.0) for _ in range(4000)][-1]
    assert last == 39.99
    assert steps < 3 * 4000


def test_what_is_past_is_forgotten() -> None:
    times = PollTimes(100.0)
    for number in range(20_000):
        times.take(number / 100, number / 100)
    assert len(times._taken) < 5_000
