"""The wall clock over exchanges: one thread for all of them."""

from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from runner.provider.deadline import Deadlines

if TYPE_CHECKING:
    from collections.abc import Iterator


class Stream:
    """A connection as httpcore reports it."""

    def __init__(self, end: socket.socket) -> None:
        self.end = end
        self.cut_at = 0.0

    def get_extra_info(self, name: str) -> socket.socket:
        """Return the socket; the clock over exchanges asks for it in order to cut it."""
        assert name == "socket"
        self.cut_at = time.monotonic()
        return self.end


@pytest.fixture
def deadlines() -> Iterator[Deadlines]:
    watch = Deadlines()
    yield watch
    watch.close()


def connected(stream: Stream) -> tuple[str, dict[str, object]]:
    return "connection.connect_tcp.complete", {"return_value": stream}


def test_the_one_that_is_due_first_is_cut_first_and_one_that_ended_is_left_alone(deadlines: Deadlines) -> None:
    pairs = [socket.socketpair() for _ in range(3)]
    streams = [Stream(pair[0]) for pair in pairs]
    begun = time.monotonic()
    late, soon, ended = (deadlines.after(seconds) for seconds in (0.3, 0.05, 0.15))
    with late, soon:
        with ended:
            ended.trace(*connected(streams[2]))
        late.trace(*connected(streams[0]))
        soon.trace(*connected(streams[1]))
        assert pairs[1][0].recv(1) == b"", "the reader wakes up"
        assert soon.passed
        assert pairs[0][0].recv(1) == b""
        assert begun + 0.05 <= streams[1].cut_at
        assert max(begun + 0.3, streams[1].cut_at) <= streams[0].cut_at < begun + 30
    assert not ended.passed
    pairs[2][1].send(b"x")
    assert pairs[2][0].recv(1) == b"x"
    for pair in pairs:
        for end in pair:
            end.close()


def test_a_connection_that_is_made_too_late_is_cut_at_once(deadlines: Deadlines) -> None:
    mine, other = socket.socketpair()
    with mine, other, deadlines.after(0.01) as deadline:
        until = time.monotonic() + 5
        while not deadline.passed:
            assert time.monotonic() < until
            time.sleep(0.002)
        deadline.trace(*connected(Stream(mine)))
        assert mine.recv(1) == b""


def test_many_exchanges_share_one_thread_and_leave_nothing_behind(deadlines: Deadlines) -> None:
    for _ in range(2000):
        with deadlines.after(60):
            pass
    alive = [thread for thread in threading.enumerate() if thread is deadlines._thread]
    assert len(alive) == 1
    assert len(deadlines._heap) < 100
