"""A wall clock over HTTP exchanges.

httpx limits each read, not their sum: a server that sends a byte now and then could delay a client forever. When the
time of an exchange has passed, its connection is shut down, whatever the exchange waits for. One thread watches all.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import socket
import threading
import time
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

_CONNECTED = (".connect_tcp.complete", ".start_tls.complete")
"""How the names of these events end. They begin with what makes the connection, which may be a proxy's tunnel."""
_FEW = 64
"""So many ended exchanges are kept in the heap until their time without a look at them."""


class Deadline:
    """Shuts the connection of one exchange down at its time. Use as a context; give `trace` to the request.

    It sees the connection being made, so the exchange must not reuse one.
    """

    def __init__(self, watch: Deadlines, seconds: float) -> None:
        self._watch, self._seconds = watch, seconds
        self._stream: Any = None
        self.is_over = False
        """Whether the exchange has ended."""
        self.passed = False

    def __enter__(self) -> Self:
        self._watch.add(self, time.monotonic() + self._seconds)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.is_over, self._stream = True, None
        self._watch.remove()

    def trace(self, name: str, info: Mapping[str, Any]) -> None:
        """Keep the connection that httpcore reports; it reports the wrapped one again after TLS."""
        if name.endswith(_CONNECTED):
            self._stream = info["return_value"]
            if self.passed:
                self.cut()

    def cut(self) -> None:
        """Shut the connection down, now or as soon as there is one."""
        self.passed, stream = True, self._stream
        connection = stream.get_extra_info("socket") if stream is not None else None
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class Deadlines:
    """The exchanges under way and when their time has passed. Its thread begins with the first one."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._heap: list[tuple[float, int, Deadline]] = []
        self._order = itertools.count()
        self._running = 0
        self._thread: threading.Thread | None = None
        self._is_closed = False

    def after(self, seconds: float) -> Deadline:
        """Return the deadline of an exchange that is about to begin."""
        return Deadline(self, seconds)

    def add(self, deadline: Deadline, at: float) -> None:
        """Watch a deadline from now on; `at` by the monotonic clock."""
        with self._changed:
            self._running += 1
            if len(self._heap) > _FEW + 2 * self._running:
                self._heap = [entry for entry in self._heap if not entry[2].is_over]
                heapq.heapify(self._heap)
            heapq.heappush(self._heap, (at, next(self._order), deadline))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="deadlines", daemon=True)
                self._thread.start()
            elif self._heap[0][2] is deadline:
                self._changed.notify()

    def remove(self) -> None:
        """Note that an exchange has ended."""
        with self._changed:
            self._running -= 1

    def close(self) -> None:
        """End the thread."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()

    def _run(self) -> None:
        with self._changed:
            while not self._is_closed:
                while self._heap and (self._heap[0][2].is_over or self._heap[0][0] <= time.monotonic()):
                    _, _, deadline = heapq.heappop(self._heap)
                    if not deadline.is_over:
                        deadline.cut()
                self._changed.wait(self._heap[0][0] - time.monotonic() if self._heap else None)
