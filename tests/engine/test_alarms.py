"""When jobs that wait go on."""

from __future__ import annotations

from runner.engine.alarms import Alarms
from runner.engine.effects import PollTurn

FIRST = PollTurn(provider="pixazo", seconds=5.0, may_wait=True)
LATER = PollTurn(provider="pixazo", seconds=5.0)


def test_jobs_go_on_in_the_order_of_their_moments() -> None:
    alarms: Alarms[str] = Alarms()
    for job, at in (("late", 3.0), ("early", 1.0), ("middle", 2.0)):
        alarms.set(job, at)
    assert alarms.next_at() == 1.0
    assert list(alarms.due(2.0)) == ["early", "middle"]
    assert alarms.next_at() == 3.0


def test_an_alarm_that_was_dropped_or_set_again_is_void() -> None:
    alarms: Alarms[str] = Alarms()
    alarms.set("moved", 1.0)
    alarms.set("moved", 4.0)
    alarms.set_poll("dropped", "attempt", LATER, 2.0)
    alarms.drop("dropped", "attempt")
    assert alarms.polled("attempt") is None
    assert alarms.next_at() == 4.0
    assert list(alarms.due(9.0)) == ["moved"]
    assert alarms.next_at() is None


def test_a_poll_is_put_off_once_and_only_where_nothing_is_expected_of_it() -> None:
    alarms: Alarms[str] = Alarms()
    alarms.set_poll("new", "a1", FIRST, 1.0)
    alarms.set_poll("old", "a2", LATER, 1.0)
    assert alarms.put_off("old") is None
    assert alarms.put_off("new") == FIRST
    alarms.set("new", 6.0)
    assert alarms.put_off("new") is None
    assert alarms.polled("a1") == "new", "a callback still finds it"
    assert list(alarms.due(1.0)) == ["old"]


def test_nothing_is_left_when_all_is_forgotten() -> None:
    alarms: Alarms[str] = Alarms()
    alarms.set_poll("job", "a1", FIRST, 1.0)
    alarms.clear()
    assert (alarms.next_at(), alarms.polled("a1"), alarms.put_off("job")) == (None, None, None)
