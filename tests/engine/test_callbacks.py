"""Vendors' callbacks: a wake-up, never a source."""

from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING

import httpx
import pytest

from runner.engine.callbacks import BURST, MAX_BODY_BYTES, Listener, listening
from runner.errors import UsageError
from runner.records.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Heard:
    """A listener under test and the attempts it woke."""

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self.attempts: list[str] = []
        listener.wake = self.attempts.append


@pytest.fixture
def heard() -> Iterator[Heard]:
    with listening(f"127.0.0.1:{free_port()}", None) as listener:
        yield Heard(listener)


@pytest.fixture
def impatient() -> Iterator[Heard]:
    with listening(f"127.0.0.1:{free_port()}", None, Limits(callback_timeout_s=0.2)) as listener:
        yield Heard(listener)


def test_a_call_to_the_secret_address_wakes_its_attempt(heard: Heard) -> None:
    assert httpx.post(heard.listener.address("a1"), json={"status": "COMPLETED"}).status_code == 200
    assert heard.attempts == ["a1"]


def test_a_repeated_call_wakes_again_and_does_nothing_else(heard: Heard) -> None:
    for _ in range(3):
        assert httpx.post(heard.listener.address("a1"), content=b"not even JSON").status_code == 200
    assert heard.attempts == ["a1"] * 3


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_another_method_is_not_found(heard: Heard, method: str) -> None:
    assert httpx.request(method, heard.listener.address("a1")).status_code == 404
    assert heard.attempts == []


def test_a_forged_address_is_not_found(heard: Heard) -> None:
    base, _secret, attempt = heard.listener.address("a1").rsplit("/", 2)
    for path in (f"/x/{attempt}", f"//{attempt}", f"/{attempt}", "/", f"/é/{attempt}"):
        assert httpx.post(base + path).status_code == 404
    assert heard.attempts == []


def test_a_large_body_is_refused_and_wakes_nobody(heard: Heard) -> None:
    assert httpx.post(heard.listener.address("a1"), content=b"x" * (MAX_BODY_BYTES + 1)).status_code == 413
    assert heard.attempts == []


def test_a_body_that_never_ends_is_dropped(impatient: Heard) -> None:
    host, port = impatient.listener.address("a1").split("/")[2].split(":")
    path = "/" + impatient.listener.address("a1").split("/", 3)[3]
    with socket.create_connection((host, int(port))) as slow:
        slow.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nab".encode())
        assert b" 408 " in slow.recv(4096)
    assert impatient.attempts == []


def test_a_flood_is_turned_away() -> None:
    where = f"127.0.0.1:{free_port()}"
    with listening(where, None, clock=lambda: 0.0) as listener, httpx.Client() as client:
        heard = Heard(listener)
        answers = [client.post(listener.address("a1")).status_code for _ in range(BURST + 20)]
    assert answers == [200] * BURST + [429] * 20
    assert len(heard.attempts) == BURST


def test_the_public_url_stands_in_the_address() -> None:
    with listening(f"127.0.0.1:{free_port()}", "https://hooks.example.com/scorefile/") as listener:
        assert listener.address("a1").startswith("https://hooks.example.com/scorefile/")


def test_a_plain_public_url_is_refused() -> None:
    with pytest.raises(UsageError, match="is not https"), listening("127.0.0.1:1", "http://hooks.example.com"):
        pass


@pytest.mark.parametrize("where", ["8080", "localhost:", "localhost:port", "127.0.0.1:99999"])
def test_what_is_no_host_and_port_is_refused(where: str) -> None:
    with pytest.raises(UsageError, match="is not HOST:PORT"), listening(where, None):
        pass


def test_a_port_in_use_is_refused() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        where = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(UsageError, match="cannot listen on"), listening(where, None):
            pass


def test_the_listener_ends_with_the_run() -> None:
    where = f"127.0.0.1:{free_port()}"
    with listening(where, None):
        pass
    end = time.monotonic() + 5
    while any(thread.name == "listener" for thread in threading.enumerate()):
        assert time.monotonic() < end
        time.sleep(0.01)
