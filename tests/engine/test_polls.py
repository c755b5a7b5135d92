"""How long a run waits between polls."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from runner.engine.effects import PollTurn, Work
from runner.engine.polls import GROWTH, STEADY_POLLS, PollSteps, poll_wait_s
from runner.records.exchange import Reading, Reply, Verdict
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


class Enough(Exception):
    """What follows a poll is not played."""


def test_how_long_a_job_took_is_told_by_the_workers_and_not_by_a_loop_that_is_busy() -> None:
    clock, noted, done = SimpleNamespace(now_s=10.0), list[dict[str, float]](), Reading(verdict=Verdict.DONE)

    def keep_audio(_reading: Reading) -> Reading:
        raise Enough

    submission = SimpleNamespace(request_id=SimpleNamespace(plain="1"), is_told=False)
    request = SimpleNamespace(model=SimpleNamespace(id="m"))
    steps = PollSteps(
        cast("Any", SimpleNamespace(request=request, verb=SimpleNamespace(makes=True))),
        cast("Any", SimpleNamespace(provider=SimpleNamespace(name="p", poll_s=5.0), poll=lambda *_, **_more: done)),
        log=cast("Any", SimpleNamespace(submission=submission, keep_audio=keep_audio, record=None)),
        world=cast("Any", SimpleNamespace(limits=DEFAULT_LIMITS, monotonic=lambda: clock.now_s)),
        ready_times=cast(
            "Any",
            SimpleNamespace(
                wait_s=lambda _model, *, age_s, usual_s: usual_s - age_s, note=lambda _model, **said: noted.append(said)
            ),
        ),
        report=lambda *_, **_more: None,
    )
    steps.after(Reply(status=200, headers={}, body=b""))
    clock.now_s = 12.0
    polling = steps.poll()
    turn = next(polling)
    assert isinstance(turn, PollTurn)
    assert turn.seconds == 3.0, "the loop has come to it 2 s after the answer"
    work = polling.send(None)
    assert isinstance(work, Work)
    clock.now_s = 20.0
    answer = work.call(lambda: None)
    clock.now_s = 25.0
    with pytest.raises(Enough):
        polling.send(answer)
    assert noted == [{"waiting_s": 0.0, "ready_s": 10.0, "poll_s": 5.0}]
