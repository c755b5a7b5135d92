"""Connections that are kept for the next call, for calls that are free to repeat.

A call may not outlast its time, however slowly bytes come, and a kept connection shows itself in no event of httpcore. So
the streams themselves look at the clock: none of their reads and writes waits for longer than is left. Where connections may
lead to public addresses only, each is checked when it is made, before a byte is sent.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpcore
import httpx

from runner.provider.addresses import check_peer

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable, Iterator

KEPT, KEPT_S = 16, 60.0
"""So many idle connections are kept, for so long."""
_HEADERS = (("Accept", "*/*"), ("Connection", "keep-alive"))


class TimedBackend(httpcore.NetworkBackend):
    """httpcore's own network, with streams that keep to the time that is left to the call of their thread.

    With `public`, connecting to any other address raises BadAddress.
    """

    def __init__(self, *, public: bool = False) -> None:
        self._network, self._public = httpcore.SyncBackend(), public
        self._call = threading.local()

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Give the calls of this thread so much time."""
        self._call.until = time.monotonic() + seconds
        try:
            yield
        finally:
            self._call.until = None

    def least(self, timeout: float | None) -> float | None:
        """Return a timeout, cut to what is left. Raises httpcore.ReadTimeout when nothing is."""
        until: float | None = getattr(self._call, "until", None)
        if until is None:
            return timeout
        left = until - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the deadline has passed")
        return left if timeout is None else min(timeout, left)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        stream = self._network.connect_tcp(host, port, self.least(timeout), local_address, socket_options)
        if self._public:
            try:
                check_peer(host, stream.get_extra_info("server_addr"))
            except BaseException:
                stream.close()
                raise
        return _TimedStream(stream, self)


class _TimedStream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, clock: TimedBackend) -> None:
        self._stream, self._clock = stream, clock

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._clock.least(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._clock.least(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _TimedStream(
            self._stream.start_tls(ssl_context, server_hostname, self._clock.least(timeout)), self._clock
        )

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class KeptConnections(httpx.HTTPTransport):
    """httpx's own transport over kept connections; with `public`, to public addresses only."""

    def __init__(self, verify: ssl.SSLContext, *, public: bool = False) -> None:
        super().__init__(verify=verify, trust_env=False)
        self._backend = TimedBackend(public=public)
        self._pool = httpcore.ConnectionPool(
            ssl_context=verify, max_keepalive_connections=KEPT, keepalive_expiry=KEPT_S, network_backend=self._backend
        )

    @contextmanager
    def answer(
        self,
        method: str,
        url: str,
        *,
        headers: Iterable[tuple[str, str]],
        body: bytes | None = None,
        timeout: httpx.Timeout,
        within_s: float,
    ) -> Iterator[httpx.Response]:
        """Send a request and yield its answer, to be read from the stream: no redirect is followed, no cookie kept.

        It may take `within_s` with all that is read. Raises as httpx does.
        """
        request = httpx.Request(
            method, url, headers=[*_HEADERS, *headers], content=body, extensions={"timeout": timeout.as_dict()}
        )
        with self._backend.within(within_s):
            response = self.handle_request(request)
            try:
                yield response
            finally:
                response.close()
