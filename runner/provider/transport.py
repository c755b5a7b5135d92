"""Call → Reply over HTTP: what left this machine, which host gets the key, how long an exchange may take.

A submission has one of three outcomes, which differ in money: a Reply; NotSent, proven by the order of things (connection and
TLS come before the first byte); Unproven, any error after that byte and before the end of the answer.
Redirects are never followed here, nothing is retried here, and each submission has a connection of its own; queries,
which are free to repeat, share kept ones.
"""

from __future__ import annotations

import hashlib
import itertools
from contextlib import closing, nullcontext
from typing import TYPE_CHECKING, Any, Protocol

import httpx

from runner.errors import ScorefileError
from runner.provider.connections import Times
from runner.provider.http_clients import HTTP_ERRORS, OWN_CONNECTION, HttpClients, describe
from runner.provider.protocol import answer_limit
from runner.provider.request_log import ExchangeNotes, is_logged, log_exchange, public_path_parts
from runner.records.address import origin
from runner.records.exchange import Reply
from runner.records.limits import DEFAULT_LIMITS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from runner.provider.access import ProviderAccess
    from runner.provider.connections import Answer, Headers
    from runner.records.exchange import Call
    from runner.records.limits import Limits

_FIRST_BYTE = "http11.send_request_headers.started"
_ERRORS = (*HTTP_ERRORS, OSError)
_HEADERS = (("Accept-Encoding", "identity"), ("User-Agent", "scorefile"))


class NotSent(ScorefileError):
    """No byte of the request left this machine; `message` says why."""


class Unproven(ScorefileError):
    """The request, or part of it, was sent, and no complete answer was received."""


class Transport(Protocol):
    """What a provider's client needs of HTTP."""

    def submit(self, call: Call, access: ProviderAccess, *, before: Callable[[], None], timeout_s: float) -> Reply:
        """Send a call that may cost money; `before` runs between the connection and the first byte."""
        ...

    def query(self, call: Call, access: ProviderAccess) -> Reply:
        """Send a call that is free to repeat."""
        ...

    def close(self) -> None:
        """Close idle connections."""
        ...


class HttpTransport:
    """The Transport over real HTTP/1.1. Safe to use from several threads.

    `layer` replaces the network below httpx in tests.
    """

    def __init__(self, layer: httpx.BaseTransport | None = None, *, limits: Limits = DEFAULT_LIMITS) -> None:
        self._limits = limits
        self._clients = HttpClients(layer)
        self._times_sent: dict[tuple[str, str, bytes], Iterator[int]] = {}

    def submit(self, call: Call, access: ProviderAccess, *, before: Callable[[], None], timeout_s: float) -> Reply:
        """Send a call that may cost money. Raises NotSent when nothing was sent, else Unproven."""
        gate = _Gate(before)
        try:
            with self._logged(call, access, shown=None) as notes:
                reply = self._exchange(call, access, timeout_s=timeout_s, gate=gate)
                notes.status, notes.bytes_in = reply.status, len(reply.body)
        except _GateFailed as failed:
            raise failed.cause from failed
        except _ERRORS as error:
            why = access.redact_text(describe(error))
            if gate.passed:
                raise Unproven(why) from error
            raise NotSent(why) from error
        if not gate.passed:
            raise Unproven("the request was sent before it was recorded: the transport does not report the first byte")
        return reply

    def query(self, call: Call, access: ProviderAccess) -> Reply:
        """Send a call that is free to repeat. Raises NotSent for any error."""
        try:
            with self._logged(call, access, shown=public_path_parts(access.provider)) as notes:
                reply = self._exchange(call, access, timeout_s=self._limits.poll_timeout_s)
                notes.status, notes.bytes_in = reply.status, len(reply.body)
        except _ERRORS as error:
            raise NotSent(access.redact_text(describe(error))) from error
        return reply

    def _exchange(self, call: Call, access: ProviderAccess, *, timeout_s: float, gate: _Gate | None = None) -> Reply:
        """Send one call and read its answer within `timeout_s` by the wall clock, cut soon after the provider's limit."""
        headers = [*_HEADERS, *_key(call.url, access)]
        connections = self._clients.connections(call.url)
        if connections is None:
            return self._through_httpx(call, access, headers, timeout_s=timeout_s, gate=gate)
        times = Times(within_s=timeout_s, connect_s=self._limits.connect_timeout_s, read_s=timeout_s)
        before = None if gate is None else gate.open
        with connections.answer(call, times, headers=headers, before=before) as answer:
            return _reply(answer, access)

    def _through_httpx(
        self, call: Call, access: ProviderAccess, headers: Headers, *, timeout_s: float, gate: _Gate | None
    ) -> Reply:
        with self._clients.deadlines.after(timeout_s) as deadline:

            def trace(name: str, info: Mapping[str, Any]) -> None:
                deadline.trace(name, info)
                if gate is not None:
                    gate.trace(name, info)

            client = self._clients.for_url(call.url)
            request = client.build_request(
                call.method,
                call.url,
                headers=[*call.headers, *headers, OWN_CONNECTION],
                content=call.body,
                timeout=httpx.Timeout(timeout_s, connect=min(timeout_s, self._limits.connect_timeout_s)),
                extensions={"trace": trace},
            )
            try:
                with closing(client.send(request, stream=True)) as response:
                    return _reply(response, access)
            except _ERRORS as error:
                if deadline.passed:
                    raise httpx.ReadTimeout("the deadline has passed") from error
                raise

    def close(self) -> None:
        """Close idle connections."""
        self._clients.close()

    def _logged(
        self, call: Call, access: ProviderAccess, *, shown: frozenset[str] | None
    ) -> AbstractContextManager[ExchangeNotes]:
        """Count how often this very request was sent, and log it; nothing is hashed while the log is off."""
        if not is_logged():
            return nullcontext(ExchangeNotes())
        body = call.body or b""
        same = (call.method, call.url, hashlib.sha256(body).digest())
        attempt = next(self._times_sent.setdefault(same, itertools.count(1)))
        return log_exchange(
            call.method, call.url, attempt=attempt, shown=shown, redact=access.redact_text, bytes_out=len(body)
        )


class _Gate:
    """Runs `before` once, between the connection and the first byte of a request.

    A CONNECT request for a tunnel through a proxy does not count.
    """

    def __init__(self, before: Callable[[], None]) -> None:
        self._before = before
        self.passed = False

    def trace(self, name: str, info: Mapping[str, Any]) -> None:
        """Open at the event of httpcore after which the first byte leaves."""
        if name == _FIRST_BYTE and not self.passed and info["request"].method not in ("CONNECT", b"CONNECT"):
            self.open()

    def open(self) -> None:
        """Run `before`: from here on bytes may leave."""
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


def _key(url: str, access: ProviderAccess) -> list[tuple[str, str]]:
    """Return the header that carries the key to `url`. Raises NotSent when that is not the provider's own host."""
    if not same_host(url, access.provider.base_url):
        raise NotSent("the call does not go to the provider's own host")
    auth = access.provider.auth
    return [] if auth is None or access.key is None else [(auth.header, auth.prefix + access.key.reveal())]


def _reply(answer: Answer, access: ProviderAccess) -> Reply:
    body, limit = bytearray(), answer_limit(access.provider)
    for chunk in answer.iter_raw():
        body += chunk
        if len(body) > limit:
            break
    return Reply(
        status=answer.status_code,
        headers={name.lower(): access.redact_text(value) for name, value in answer.headers.items()},
        body=access.redact(bytes(body)),
    )


def same_host(url: str, base_url: str) -> bool:
    """Return whether two URLs share scheme, host and port: the only place a provider's key may go."""
    return origin(url) is not None and origin(url) == origin(base_url)
