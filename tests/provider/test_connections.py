"""Exchanges over our own connections: how answers end, and which connections are used again."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from typing import TYPE_CHECKING

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from runner.provider.connections import _PLAIN, KEPT, Connections, Times, target_of
from runner.records.exchange import Call

if TYPE_CHECKING:
    from collections.abc import Iterator

TIMES = Times(within_s=5, connect_s=5, read_s=5)
OK = b"HTTP/1.1 200 OK\r\n"


class Server:
    """Answers each request on a connection with the next of some raw answers, and closes it after the last one."""

    def __init__(self, *answers: bytes, reads: int = 1 << 16) -> None:
        self.answers, self.reads = answers, reads
        self.connections = 0
        self.requests: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/x"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            for answer in self.answers:
                request = connection.recv(self.reads)
                if not request:
                    return
                self.requests.append(request)
                connection.sendall(answer)

    def close(self) -> None:
        """Accept nothing more."""
        self._listener.close()


@pytest.fixture
def connections() -> Iterator[Connections]:
    made = Connections(ssl.create_default_context())
    yield made
    made.close()


def body(connections: Connections, url: str, times: Times = TIMES) -> bytes:
    with connections.answer(Call(method="GET", url=url), times) as answer:
        return b"".join(map(bytes, answer.iter_raw()))


LONG = bytes(range(256)) * 4000
ANSWERS = {
    "of a length": (OK + b"Content-Length: 5\r\n\r\nhello", b"hello", 1),
    "empty": (OK + b"Content-Length: 0\r\n\r\n", b"", 1),
    "long": (OK + b"Content-Length: %d\r\n\r\n" % len(LONG) + LONG, LONG, 1),
    "after a hint": (b"HTTP/1.1 103 Early Hints\r\n\r\n" + OK + b"Content-Length: 2\r\n\r\nhi", b"hi", 1),
    "in chunks": (OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", b"hello", 1),
    "of an error": (b"HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno", b"no", 1),
    "that closes": (OK + b"Connection: close\r\nContent-Length: 5\r\n\r\nhello", b"hello", 2),
    "of an old server": (b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", b"hello", 2),
    "with more than it promised": (OK + b"Content-Length: 5\r\n\r\nhello" + OK, b"hello", 2),
    "in chunks with more": (OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n" + OK, b"a", 2),
}


@pytest.mark.parametrize("how", ANSWERS)
def test_an_answer_is_read_to_its_end_and_its_connection_used_again_only_where_that_is_safe(
    connections: Connections, how: str
) -> None:
    answer, expected, made = ANSWERS[how]
    server = Server(answer, answer)
    assert [body(connections, server.url) for _ in range(2)] == [expected, expected]
    assert server.connections == made
    server.close()


def test_an_answer_without_a_length_ends_with_its_connection(connections: Connections) -> None:
    server = Server(OK + b"\r\nhello")
    assert [body(connections, server.url) for _ in range(2)] == [b"hello", b"hello"]
    server.close()


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"", "closed without an answer"),
        (OK + b"Content-Length: 9\r\n\r\nhello", "in the middle of the body"),
        (OK + b"Content-Length: 9\r\nContent-Length: 8\r\n\r\nhello", "Content-Length"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n9\r\nhello", "in the middle of the body"),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", "not HTTP/1.1: .*Upgrade"),
        (b"220 mail.example.com\r\n\r\n", "not HTTP/1.1: Expected HTTP/"),
        (OK + b"X: " + b"x" * (200 << 10), "head of the answer is too long"),
    ],
)
def test_an_answer_that_is_none_is_an_error_and_its_connection_is_closed(
    connections: Connections, answer: bytes, why: str
) -> None:
    server = Server(answer)
    for _ in range(2):
        with pytest.raises(httpx.RemoteProtocolError, match=why):
            body(connections, server.url)
    assert server.connections == 2
    server.close()


def test_an_answer_that_is_not_read_to_its_end_closes_its_connection(connections: Connections) -> None:
    answer = OK + b"Content-Length: %d\r\n\r\n" % len(LONG) + LONG
    server = Server(answer, answer)
    for _ in range(2):
        with connections.answer(Call(method="GET", url=server.url), TIMES) as found:
            assert next(iter(found.iter_raw()))
    assert server.connections == 2
    server.close()


def test_a_server_that_answers_before_it_has_read_all_is_heard(connections: Connections) -> None:
    server = Server(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno", reads=10)
    call = Call(method="POST", url=server.url, body=b"x" * (8 << 20))
    try:
        with connections.answer(call, TIMES, before=lambda: None) as answer:
            assert answer.status_code == 413
    except httpx.ReadError:
        pass  # the reset of the connection may overtake the answer
    server.close()


def test_an_exchange_has_a_deadline_however_slowly_its_bytes_come(connections: Connections) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url, ends = f"http://127.0.0.1:{listener.getsockname()[1]}/x", threading.Event()

        def drip() -> None:
            connection, _ = listener.accept()
            with connection, contextlib.suppress(OSError):
                connection.sendall(OK + b"Content-Length: 1000\r\n\r\n")
                while not ends.wait(0.05):
                    connection.sendall(b"x")

        server = threading.Thread(target=drip)
        server.start()
        with pytest.raises(httpx.ReadTimeout, match=r"deadline has passed|timed out"):
            body(connections, url, Times(within_s=0.4, connect_s=5, read_s=5))
        ends.set()
        server.join()


def test_what_costs_money_uses_no_kept_connection_and_keeps_none(connections: Connections) -> None:
    answer = OK + b"Content-Length: 0\r\n\r\n"
    server = Server(answer, answer, answer)
    body(connections, server.url)
    order: list[int] = []
    with connections.answer(
        Call(method="POST", url=server.url, body=b"{}"), TIMES, before=lambda: order.append(len(server.requests))
    ) as found:
        assert b"".join(map(bytes, found.iter_raw())) == b""
    assert order == [1], "it runs before a byte of the request has left"
    assert b"connection: close\r\n" in server.requests[1].lower()
    body(connections, server.url)
    assert server.connections == 2
    server.close()


def test_what_before_raises_passes_through_and_nothing_is_sent(connections: Connections) -> None:
    server = Server(OK + b"Content-Length: 0\r\n\r\n")

    def refuse() -> None:
        raise KeyError("no intent")

    with (
        pytest.raises(KeyError, match="no intent"),
        connections.answer(Call(method="POST", url=server.url), TIMES, before=refuse),
    ):
        pass
    assert server.requests == []
    server.close()


def test_few_idle_connections_are_kept(connections: Connections) -> None:
    servers = [Server(OK + b"Content-Length: 0\r\n\r\n", b"") for _ in range(KEPT + 2)]
    for server in servers:
        body(connections, server.url)
    assert len(connections._idle) == KEPT
    for server in servers:
        server.close()


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/x", "https:///x", "x.wav"])
def test_an_address_that_is_none_is_not_connected_to(connections: Connections, url: str) -> None:
    with pytest.raises(httpx.UnsupportedProtocol, match="neither http nor https"):
        body(connections, url)


HOSTS = [
    "api.pixazo.ai",
    "127.0.0.1:8080",
    "[::1]:9",
    "EXAMPLE.org:443",
    "user:word@host",
    "münchen.de",
    "a b",
    "h:99999",
    "",
]
PARTS = st.sampled_from(
    ["v2", ".", "..", "a.b", "%41", "%zz", "é", " ", "", "~x", "a=b", "a:b", "@", "+", ",", "'", "|", "\\", "-"]
)


@given(
    scheme=st.sampled_from(["http", "https", "HTTP", "ftp", ""]),
    host=st.sampled_from(HOSTS),
    parts=st.lists(PARTS | st.from_regex(r"[A-Za-z0-9._~=:@,+-]{1,6}", fullmatch=True), max_size=4),
    end=st.sampled_from(["", "/", "?a=1", "#part", "?", "\n"]),
)
@example(scheme="https", host="api.pixazo.ai", parts=["v2", "requests", "status", "tracks_00000001"], end="")
def test_the_target_is_what_httpx_reads(scheme: str, host: str, parts: list[str], end: str) -> None:
    url = f"{scheme}://{host}" + "".join(f"/{part}" for part in parts) + end
    try:
        read = httpx.URL(url)
    except httpx.InvalidURL:
        with pytest.raises(httpx.InvalidURL):
            target_of(url)
        return
    if read.scheme not in ("http", "https") or not read.host:
        with pytest.raises(httpx.UnsupportedProtocol, match="neither http nor https"):
            target_of(url)
        return
    found = target_of(url)
    assert (found.origin.scheme, found.origin.host) == (read.scheme, read.raw_host.decode())
    assert found.origin.port == (read.port or {"http": 80, "https": 443}[read.scheme])
    assert (found.host, found.path) == (read.netloc.decode(), read.raw_path)


def test_the_addresses_of_calls_are_read_without_httpx_and_paths_that_it_changes_are_not() -> None:
    assert _PLAIN.fullmatch("https://api.pixazo.ai/v2/requests/status/tracks_00000001")
    for path in ("/a/../b", "/./b", "/%2e%2e/b", "/a b", "/é", "/a?b", "//b"):
        assert not _PLAIN.fullmatch("https://api.pixazo.ai" + path)
