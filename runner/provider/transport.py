"""Call → Reply over httpx: what left this machine, whose host gets the key, how long anything may take.

Three outcomes of a submit are told apart, because they differ in money: a Reply; NotSent, proven by httpcore's own
event order (connect and TLS come before the first byte); Unproven, everything after that byte without a whole answer.
Redirects are never followed here, nothing is retried here, and each submit has a connection of its own.
"""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import httpx

from runner.errors import ScorefileError
from runner.provider.calls import origin
from runner.provider.deadline import Deadline
from runner.provider.http_clients import FAULTS, Wire, words_of
from runner.provider.request_log import noting
from runner.provider.responses import MAX_JSON
from runner.records.exchange import Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from runner.provider.keys import Key
    from runner.provider.request_log import Note
    from runner.records.exchange import Call
    from runner.records.provider import Auth

"""A vendor's JSON answer is cut here; a longer one is not read as JSON."""
CONNECT_TIMEOUT_S = 10.0
POLL_TIMEOUT_S = 30.0
_FIRST_BYTE = "http11.send_request_headers.started"
_FAULTS = (*FAULTS, OSError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Where a provider lives, and the key that opens it there and nowhere else."""

    base_url: str
    auth: Auth | None = None
    key: Key | None = None
    shown: frozenset[str] | None = frozenset()
    """The parts of this provider's paths that may stand in a log; None shows them all."""
    most_bytes: int = MAX_JSON
    """How long an answer may be."""

    def headers(self, url: str) -> list[tuple[str, str]]:
        """Return the header that carries the key to `url`. Raises NotSent when that is another host."""
        if not same_host(url, self.base_url):
            raise NotSent("the call would leave the provider's own host")
        if self.auth is None or self.key is None:
            return []
        return [(self.auth.header, self.auth.prefix + self.key.reveal())]

    def struck_from(self, data: bytes) -> bytes:
        """Return what came from outside without the key."""
        return data if self.key is None else self.key.struck_from(data)

    def struck_out(self, text: str) -> str:
        """Return a text without the key."""
        return self.struck_from(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")


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
        self._wire = Wire(layer)
        self._attempts: dict[tuple[str, str, bytes], Iterator[int]] = {}

    def submit(self, call: Call, door: Door, *, before: Callable[[], None], timeout_s: float) -> Reply:
        """Send a call that may cost money. Raises NotSent or Unproven; nothing else leaves this method unproven."""
        gate = _Gate(before)
        try:
            with self._noting(call, door, shown=None) as note:
                reply = _exchange(self._wire, call, door, timeout_s=timeout_s, gate=gate)
                note.status, note.bytes_in = reply.status, len(reply.body)
        except _GateFailed as failed:
            raise failed.cause from failed
        except _FAULTS as error:
            said = door.struck_out(words_of(error))
            if gate.passed:
                raise Unproven(said) from error
            raise NotSent(said) from error
        if not gate.passed:
            raise Unproven("the request went out before it was recorded: this layer tells of no first byte")
        return reply

    def ask(self, call: Call, door: Door) -> Reply:
        """Send a call that is free to repeat. Raises NotSent for whatever went wrong."""
        try:
            with self._noting(call, door, shown=door.shown) as note:
                reply = _exchange(self._wire, call, door, timeout_s=POLL_TIMEOUT_S, gate=None)
                note.status, note.bytes_in = reply.status, len(reply.body)
        except _FAULTS as error:
            raise NotSent(door.struck_out(words_of(error))) from error
        return reply

    def close(self) -> None:
        """Close idle connections."""
        self._wire.close()

    def _noting(self, call: Call, door: Door, *, shown: frozenset[str] | None) -> AbstractContextManager[Note]:
        """Count how often this very request went out, and log it."""
        body = call.body or b""
        same = (call.method, call.url, hashlib.sha256(body).digest())
        attempt = next(self._attempts.setdefault(same, itertools.count(1)))
        return noting(call.method, call.url, attempt=attempt, shown=shown, struck=door.struck_out, bytes_out=len(body))


class _Gate:
    """Runs `before` once, between the connection and the first byte of a request.

    A CONNECT that asks a proxy for a tunnel is no byte of it.
    """

    def __init__(self, before: Callable[[], None]) -> None:
        self._before = before
        self.passed = False

    def trace(self, name: str, info: Mapping[str, Any]) -> None:
        if name == _FIRST_BYTE and not self.passed and info["request"].method not in ("CONNECT", b"CONNECT"):
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


def _exchange(wire: Wire, call: Call, door: Door, *, timeout_s: float, gate: _Gate | None) -> Reply:
    """Send one call and read its answer within `timeout_s` by the wall clock, cut soon after `door.most_bytes`."""
    headers = [*call.headers, ("Accept-Encoding", "identity"), ("User-Agent", "scorefile"), *door.headers(call.url)]
    with Deadline(timeout_s) as deadline:

        def trace(name: str, info: Mapping[str, Any]) -> None:
            deadline.trace(name, info)
            if gate is not None:
                gate.trace(name, info)

        client = wire.to(call.url)
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
            body = _read(response, door.most_bytes)
        except _FAULTS as error:
            if deadline.passed:
                raise httpx.ReadTimeout("the time is up") from error
            raise
    return Reply(
        status=response.status_code,
        headers={name.lower(): door.struck_out(value) for name, value in response.headers.items()},
        body=door.struck_from(body),
    )


def _read(response: httpx.Response, most: int) -> bytes:
    body = bytearray()
    try:
        for chunk in response.iter_raw():
            body += chunk
            if len(body) > most:
                break
    finally:
        response.close()
    return bytes(body)


def same_host(url: str, base_url: str) -> bool:
    """Say whether two URLs share scheme, host and port: the only place a provider's key may go."""
    return origin(url) is not None and origin(url) == origin(base_url)
