"""Providers' callbacks as a wake-up: a call to the right secret address polls the job at once.

No caller is trusted: the body is read up to a limit and discarded, and the state of a job is read from the provider
itself. A forged, repeated or late call can cost one poll, never money.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
import socket
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from runner.errors import UsageError
from runner.records.address import is_loopback
from runner.records.limits import DEFAULT_LIMITS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, MutableMapping

    from runner.records.limits import Limits

    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

MAX_BODY_BYTES = 64 << 10
CALLS_PER_S = 20.0
BURST = 100
CONNECTIONS = 64


class Listener:
    """Receives the callbacks of one run at secret addresses, and passes the attempt of each to `wake`."""

    def __init__(
        self, public_url: str, limits: Limits = DEFAULT_LIMITS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limits = limits
        self._clock = clock
        self._public_url = public_url
        self._secret = secrets.token_urlsafe(32)
        self._tokens, self._refilled = float(BURST), clock()
        self.wake: Callable[[str], None] = lambda _attempt: None

    def address(self, attempt: str) -> str:
        """Return the URL that a provider calls when this attempt has ended."""
        return f"{self._public_url}/{self._secret}/{attempt}"

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        if scope["type"] != "http":
            return
        status = await self._answer(scope, receive)
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    async def _answer(self, scope: MutableMapping[str, Any], receive: Receive) -> int:
        if not self._has_token():
            return 429
        path: str = scope["path"]
        *_, secret, attempt = ("", "", *path.split("/"))
        if not hmac.compare_digest(secret.encode(), self._secret.encode()) or scope["method"] != "POST":
            return 404
        try:
            whole = await asyncio.wait_for(_drained(receive), self._limits.callback_timeout_s)
        except TimeoutError:
            return 408
        if not whole:
            return 413
        self.wake(attempt)
        return 200

    def _has_token(self) -> bool:
        now = self._clock()
        self._tokens = min(BURST, self._tokens + (now - self._refilled) * CALLS_PER_S)
        self._refilled = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


async def _drained(receive: Receive) -> bool:
    """Read a body to its end and discard it; False when it is larger than MAX_BODY_BYTES."""
    size = 0
    while True:
        message = await receive()
        size += len(message.get("body", b""))
        if size > MAX_BODY_BYTES:
            return False
        if not message.get("more_body"):
            return True


@contextmanager
def listening(
    where: str,
    public_url: str | None,
    limits: Limits = DEFAULT_LIMITS,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Listener]:
    """Serve callbacks at `where` (HOST:PORT) in a thread of its own while the run lasts.

    `public_url` is where providers reach it; https, or loopback. Raises UsageError for an address that cannot be used.
    """
    import uvicorn

    host, port = _parsed(where)
    url = (public_url or f"http://{where}").rstrip("/")
    if urlsplit(url).scheme != "https" and not is_loopback(url):
        raise UsageError(
            f"--public-url {url} is not https", help="providers call https only; give the address of the tunnel"
        )
    listener = Listener(url, limits, clock)
    try:
        listening_socket = socket.create_server((host, port))
    except OSError as error:
        raise UsageError(
            f"cannot listen on {where}: {error.strerror}", help="choose a free port: --listen 127.0.0.1:8766"
        ) from error
    config = uvicorn.Config(
        listener,
        http="h11",
        log_config=None,
        log_level="critical",
        access_log=False,
        lifespan="off",
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=max(1, int(limits.callback_timeout_s)),
        h11_max_incomplete_event_size=16 << 10,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listening_socket],), name="listener", daemon=True)
    thread.start()
    try:
        yield listener
    finally:
        server.should_exit = True
        thread.join(timeout=limits.callback_timeout_s)
        listening_socket.close()


def _parsed(where: str) -> tuple[str, int]:
    host, colon, port = where.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > 65535:
        raise UsageError(f"--listen {where} is not HOST:PORT", help="write --listen 127.0.0.1:8766")
    return host, int(port)
