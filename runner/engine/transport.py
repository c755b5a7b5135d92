"""Call → Reply over httpx: what left this machine, whose host gets the key, how long anything may take.

Three outcomes of a submit are told apart, because they differ in money: a Reply; NotSent, proven by httpcore's own
event order (connect and TLS come before the first byte); Unproven, everything after that byte without a whole answer.
Redirects are never followed here, nothing is retried here, and each submit has a connection of its own.
"""

from __future__ import annotations

import hashlib
import ipaddress
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import httpx

from runner.catalog.calls import origin
from runner.engine.deadline import Deadline
from runner.engine.noted import noting
from runner.errors import ScorefileError
from runner.records import Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from runner.engine.keys import Key
    from runner.engine.noted import Note
    from runner.records import Auth, Call

MAX_REPLY_BYTES = 1 << 20
"""A vendor's JSON answer is cut here; a longer one is not read as JSON."""
LEAST_SECRET_BYTES = 12
CONNECT_TIMEOUT_S = 10.0
POLL_TIMEOUT_S = 30.0
_FIRST_BYTE = "http11.send_request_headers.started"


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Where a provider lives, and the key that opens it there and nowhere else."""

    base_url: str
    auth: Auth | None = None
    key: Key | None = None
    shown: frozenset[str] | None = frozenset()
    """The parts of this provider's paths that may stand in a log; None shows them all."""

    def headers(self, url: str) -> list[tuple[str, str]]:
        """Return the header that carries the key to `url`. Raises NotSent when that is another host."""
        if not same_host(url, self.base_url):
            raise NotSent("the call would leave the provider's own host")
        if self.auth is None or self.key is None:
            return []
        return [(self.auth.header, self.auth.prefix + self.key.reveal())]


class NotSent(ScorefileError):
    """No byte of the request left this machine; `message` says why."""


class Unproven(ScorefileError):
    """The request, or part of it, left and no whole answer came back."""


class Transport(Protocol):
    """What the engine needs of HTTP."""

    def submit(self, call: Call, door: Door, *, before: Callable[[], None], timeout_s: float) -> Reply:
        """Send a call that may cost money; `before` runs after the connection stands and before the first byte."""
        ...

    def ask(self, call: Call, door: Door) -> Reply:
        """Send a call that is free to repeat."""
        ...

    def close(self) -> None:
        """Close idle connections."""
        ...


class HttpTransport:
    """The Transport over real HTTP/1.1, a fresh connection for each call. Safe to use from several threads.

    `layer` replaces the network below httpx in tests.
    """

    def __init__(self, layer: httpx.BaseTransport | None = None) -> None:
        self._client = httpx.Client(
            transport=layer,
            verify=httpx.create_ssl_context() if layer is None else True,
            limits=httpx.Limits(max_keepalive_connections=0),
            http2=False,
            follow_redirects=False,
        )
        self._attempts: dict[tuple[str, str, bytes], Iterator[int]] = {}

    def submit(self, call: Call, door: Door, *, before: Callable[[], None], timeout_s: float) -> Reply:
        """Send a call that may cost money. Raises NotSent or Unproven; nothing else leaves this method unproven."""
        gate = _Gate(before)
        try:
            with self._noting(call, door, shown=None) as note:
                reply = _exchange(self._client, call, door, timeout_s=timeout_s, gate=gate)
                note.status, note.bytes_in = reply.status, len(reply.body)
        except _GateFailed as failed:
            raise failed.cause from failed
        except _FAULTS as error:
            if gate.passed:
                raise Unproven(_words(error)) from error
            raise NotSent(_words(error)) from error
        if not gate.passed:
            raise Unproven("the request went out before it was recorded: this layer tells of no first byte")
        return reply

    def ask(self, call: Call, door: Door) -> Reply:
        """Send a call that is free to repeat. Raises NotSent for whatever went wrong."""
        try:
            with self._noting(call, door, shown=door.shown) as note:
                reply = _exchange(self._client, call, door, timeout_s=POLL_TIMEOUT_S, gate=None)
                note.status, note.bytes_in = reply.status, len(reply.body)
        except _FAULTS as error:
            raise NotSent(_words(error)) from error
        return reply

    def close(self) -> None:
        """Close idle connections."""
        self._client.close()

    def _noting(self, call: Call, door: Door, *, shown: frozenset[str] | None) -> AbstractContextManager[Note]:
        """Count how often this very request went out, and log it."""
        body = call.body or b""
        same = (call.method, call.url, hashlib.sha256(body).digest())
        attempt = next(self._attempts.setdefault(same, itertools.count(1)))
        secret = _secret(door.key).decode()
        return noting(call.method, call.url, attempt=attempt, shown=shown, secret=secret, bytes_out=len(body))


_FAULTS = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ValueError)


class _Gate:
    """Runs `before` once, between the connection and the first byte of a request."""

    def __init__(self, before: Callable[[], None]) -> None:
        self._before = before
        self.passed = False

    def trace(self, name: str) -> None:
        if name == _FIRST_BYTE and not self.passed:
            try:
                self._before()
            except BaseException as error:
                raise _GateFailed(error) from error
            self.passed = True


class _GateFailed(Exception):
    """The intent could not be recorded, so nothing was sent."""

    def __init__(self, cause: BaseException) -> None:
        super().__init__(str(cause))
        self.cause = cause


def _exchange(client: httpx.Client, call: Call, door: Door, *, timeout_s: float, gate: _Gate | None) -> Reply:
    """Send one call and read its answer within `timeout_s` by the wall clock, cut at MAX_REPLY_BYTES + 1."""
    headers = [*call.headers, ("Accept-Encoding", "identity"), ("User-Agent", "scorefile"), *door.headers(call.url)]
    with Deadline(timeout_s) as deadline:

        def trace(name: str, info: Mapping[str, object]) -> None:
            deadline.trace(name, info)
            if gate is not None:
                gate.trace(name)

        request = client.build_request(
            call.method,
            call.url,
            headers=headers,
            content=call.body,
            timeout=httpx.Timeout(timeout_s, connect=min(timeout_s, CONNECT_TIMEOUT_S)),
            extensions={"trace": trace},
        )
        try:
            response = client.send(request, stream=True)
            body = _read(response)
        except _FAULTS as error:
            if deadline.passed:
                raise httpx.ReadTimeout("the time is up") from error
            raise
    secret = _secret(door.key)
    return Reply(
        status=response.status_code,
        headers={name.lower(): _redact(value, secret) for name, value in response.headers.items()},
        body=body.replace(secret, b"***") if secret else body,
    )


def _read(response: httpx.Response) -> bytes:
    body = bytearray()
    try:
        for chunk in response.iter_raw():
            body += chunk
            if len(body) > MAX_REPLY_BYTES:
                break
    finally:
        response.close()
    return bytes(body)


def _secret(key: Key | None) -> bytes:
    """Return what has to be struck out of an answer; a word as short as a test's own key is none."""
    value = key.reveal().encode() if key is not None else b""
    return value if len(value) >= LEAST_SECRET_BYTES else b""


def _redact(value: str, secret: bytes) -> str:
    return value.replace(secret.decode(), "***") if secret else value


def _words(error: Exception) -> str:
    """Say what happened without the URL, which may hold a signature, and without any header."""
    match error:
        case httpx.ConnectTimeout():
            return "no connection in time"
        case httpx.ConnectError():
            return f"no connection: {str(error) or 'refused'}"
        case httpx.ReadTimeout() | httpx.WriteTimeout() | httpx.PoolTimeout():
            return "no whole answer in time"
        case httpx.ReadError() | httpx.WriteError() | httpx.CloseError():
            return "the connection broke"
        case httpx.RemoteProtocolError():
            return "the server hung up before its answer was whole"
        case httpx.LocalProtocolError() | httpx.InvalidURL() | httpx.UnsupportedProtocol():
            return "the request could not be formed"
        case _:
            return type(error).__name__


def same_host(url: str, base_url: str) -> bool:
    """Say whether two URLs share scheme, host and port: the only place a provider's key may go."""
    return origin(url) is not None and origin(url) == origin(base_url)


def is_loopback(url: str) -> bool:
    """Say whether a URL names this machine by a loopback address or `localhost`."""
    found = origin(url)
    if found is None:
        return False
    if found[1] == "localhost":
        return True
    try:
        return ipaddress.ip_address(found[1]).is_loopback
    except ValueError:
        return False
