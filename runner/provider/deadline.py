"""A wall clock over one HTTP exchange.

httpx limits each read, not their sum: a server that sends a byte now and then could delay a client forever. When the
time has passed, the connection itself is shut down, whatever the exchange waits for.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

_CONNECTED = (".connect_tcp.complete", ".start_tls.complete")
"""How the names of these events end. They begin with what makes the connection, which may be a proxy's tunnel."""


class Deadline:
    """Shuts the connection of one exchange down after `seconds`. Use as a context; give `trace` to the request.

    It sees the connection being made, so the exchange must not reuse one.
    """

    def __init__(self, seconds: float) -> None:
        self._stream: Any = None
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self.passed = False

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._timer.cancel()

    def trace(self, name: str, info: Mapping[str, Any]) -> None:
        """Keep the connection that httpcore reports; it reports the wrapped one again after TLS."""
        if name.endswith(_CONNECTED):
            self._stream = info["return_value"]
            if self.passed:
                self._cut()

    def _cut(self) -> None:
        self.passed = True
        connection = self._stream.get_extra_info("socket") if self._stream is not None else None
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
