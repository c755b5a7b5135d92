"""Direct connections over HTTP/1.1, one exchange at a time on each.

An exchange that is free to repeat may use a kept connection. One that may cost money has a connection of its own, and its
`before` runs once that is open and before a byte is sent. No exchange outlasts its time, however slowly bytes come: each wait
for the network is cut to what is left. Errors are those of httpx, which speaks where a proxy is on the way.
"""

from __future__ import annotations

import re
import socket
import threading
import time
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias, TypeVar

import httpx
from msgspec import Struct

from runner.provider.addresses import check_peer
from runner.provider.http_messages import AnswerParser, MessageError, request_bytes

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from runner.records.exchange import Call

T = TypeVar("T")
R = TypeVar("R")
Headers: TypeAlias = "Iterable[tuple[str, str]]"

KEPT, KEPT_S = 16, 60.0
"""So many idle connections are kept, for so long."""
_HEAD, _CHUNK = 1 << 16, 1 << 18
"""So many bytes are read at once: at first, and of a long body."""
_PORTS = {"http": 80, "https": 443}
_PLAIN = re.compile(r"(https?://[^/?#]+)((?:/[A-Za-z0-9_~=:@,+-][A-Za-z0-9._~=:@,+-]*)+)", re.ASCII)
"""An address whose path httpx would send as it is written, and take a tenth of the time of an exchange to say so."""


class Times(Struct, frozen=True, kw_only=True):
    """How long an exchange may take, in seconds: to its last byte, for its connection, and for each byte that it waits for."""

    within_s: float
    connect_s: float
    read_s: float


class Answer(Protocol):
    """The answer to a request, whose body is read once, as it comes: each piece is valid until the next one."""

    @property
    def status_code(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    def iter_raw(self) -> Iterator[bytes | memoryview]: ...


class _Origin(NamedTuple):
    scheme: str
    host: str
    port: int


class Target(NamedTuple):
    """Where a request goes: its server, the Host header, path and query."""

    origin: _Origin
    host: str
    path: bytes


class _Idle(NamedTuple):
    origin: _Origin
    stream: socket.socket
    since_s: float


class Connections:
    """Connections to any server; with `public`, to public addresses only. Safe to use from several threads."""

    def __init__(self, verify: ssl.SSLContext, *, public: bool = False) -> None:
        verify.set_alpn_protocols(["http/1.1"])
        self._verify, self._public = verify, public
        self._idle: list[_Idle] = []
        self._lock = threading.Lock()

    @contextmanager
    def answer(
        self, call: Call, times: Times, *, headers: Headers = (), before: Callable[[], None] | None = None
    ) -> Iterator[Answer]:
        """Send a call with more headers and yield its answer: no redirect is followed, no cookie kept.

        With `before` the connection is used for nothing else. Raises as httpx does, and BadAddress.
        """
        until, target = time.monotonic() + times.within_s, target_of(call.url)
        origin = target.origin
        is_last = before is not None
        try:
            data = request_bytes(call, host=target.host, path=target.path, headers=headers, is_last=is_last)
        except MessageError as error:
            raise httpx.LocalProtocolError(str(error)) from error
        stream = None if before is not None else self._kept(origin)
        stream = stream or self._connected(origin, times, until)
        exchange = _Exchange(stream, until, times.read_s)
        try:
            if before is not None:
                before()
            exchange.send(data)
            exchange.read_head()
            yield exchange
        finally:
            if exchange.is_whole and before is None:
                self._keep(_Idle(origin, stream, time.monotonic()))
            else:
                stream.close()

    def close(self) -> None:
        """Close idle connections."""
        with self._lock:
            while self._idle:
                self._idle.pop().stream.close()

    def _connected(self, origin: _Origin, times: Times, until: float) -> socket.socket:
        left_s = max(0.001, min(times.connect_s, until - time.monotonic()))
        try:
            stream = socket.create_connection((origin.host, origin.port), left_s)
            try:
                stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if self._public:
                    check_peer(origin.host, stream.getpeername())
                return (
                    stream if origin.scheme == "http" else self._verify.wrap_socket(stream, server_hostname=origin.host)
                )
            except BaseException:
                stream.close()
                raise
        except TimeoutError as error:
            raise httpx.ConnectTimeout(str(error)) from error
        except OSError as error:
            raise httpx.ConnectError(str(error)) from error

    def _kept(self, origin: _Origin) -> socket.socket | None:
        """Return an idle connection that its server has not closed, the one that was used last."""
        while True:
            with self._lock:
                found = next((idle for idle in reversed(self._idle) if idle.origin == origin), None)
                if found is None:
                    return None
                self._idle.remove(found)
            if time.monotonic() - found.since_s < KEPT_S and not _has_input(found.stream):
                return found.stream
            found.stream.close()

    def _keep(self, idle: _Idle) -> None:
        with self._lock:
            self._idle.append(idle)
            oldest = self._idle.pop(0) if len(self._idle) > KEPT else None
        if oldest is not None:
            oldest.stream.close()


class _Exchange:
    """One request on its connection, and its Answer."""

    def __init__(self, stream: socket.socket, until: float, read_s: float) -> None:
        self._stream, self._parser, self._until, self._read_s = stream, AnswerParser(), until, read_s
        self._waits_s: float | None = None
        """How long the socket waits now: to tell it again what it knows is a call of the system."""
        self.status_code = 0
        self.headers: Mapping[str, str] = {}
        self.is_whole = False
        """Whether all was read, and the connection can be used again."""

    def send(self, data: bytes) -> None:
        """Send a whole request. A server that reads no more of it may have answered already."""
        view = memoryview(data)
        try:
            while view:
                self._wait()
                view = view[self._stream.send(view) :]
        except TimeoutError as error:
            raise httpx.WriteTimeout(str(error)) from error
        except OSError:
            pass

    def read_head(self) -> None:
        """Read status and headers."""
        while not self._parser.has_head:
            self._read_some()
        self.status_code, self.headers = self._parser.status_code, self._parser.headers

    def iter_raw(self) -> Iterator[bytes | memoryview]:
        """Yield the body."""
        parser, length, count = self._parser, self._parser.length, 0
        for data in parser.taken():
            yield data
            count += len(data)
        if length is not None and self.status_code == 200:
            yield from self._rest(length - count)
        else:
            while not parser.is_complete:
                self._read_some()
                yield from parser.taken()
        self.is_whole = parser.may_be_kept

    def _rest(self, left: int) -> Iterator[memoryview]:
        """Yield the rest of a body of known length as it comes, past the parser."""
        buffer = memoryview(bytearray(min(_CHUNK, left)))
        while left:
            count = self._received(self._stream.recv_into, buffer[:left])
            if not count:
                raise httpx.RemoteProtocolError("the connection was closed in the middle of the body")
            left -= count
            yield buffer[:count]

    def _read_some(self) -> None:
        data = self._received(self._stream.recv, _HEAD)
        try:
            self._parser.feed(data)
        except MessageError as error:
            raise httpx.RemoteProtocolError(str(error)) from error

    def _received(self, receive: Callable[[T], R], into: T) -> R:
        try:
            self._wait()
            return receive(into)
        except TimeoutError as error:
            raise httpx.ReadTimeout(str(error)) from error
        except OSError as error:
            raise httpx.ReadError(str(error)) from error

    def _wait(self) -> None:
        """Let the next step wait for what is left of the time. Raises TimeoutError when nothing is."""
        left_s = min(self._read_s, self._until - time.monotonic())
        if left_s <= 0:
            raise TimeoutError("the deadline has passed")
        if left_s != self._waits_s:
            self._stream.settimeout(left_s)
            self._waits_s = left_s


def target_of(url: str) -> Target:
    """Return where a request to `url` goes, as httpx reads it. Raises InvalidURL, and UnsupportedProtocol for other schemes."""
    plain = _PLAIN.fullmatch(url)
    return _read(url) if plain is None else _server(plain[1])._replace(path=plain[2].encode("ascii"))


def _read(url: str) -> Target:
    read = httpx.URL(url)
    if read.scheme not in _PORTS or not read.host:
        raise httpx.UnsupportedProtocol("the address is neither http nor https")
    origin = _Origin(read.scheme, read.raw_host.decode("ascii"), read.port or _PORTS[read.scheme])
    return Target(origin, read.netloc.decode("ascii"), read.raw_path)


_server = lru_cache(maxsize=64)(_read)


def _has_input(stream: socket.socket) -> bool:
    """Say whether an idle connection has something to read, which is its end or what nobody asked for."""
    try:
        stream.settimeout(0)
        socket.socket.recv(stream, 1, socket.MSG_PEEK)  # of the connection itself, below TLS
    except BlockingIOError:
        return False
    except OSError:
        pass
    return True
