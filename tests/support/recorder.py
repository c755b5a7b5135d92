"""A server on loopback that writes down every request exactly as it came, and answers as it is told."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator

STRANGE_URLS = (
    "https://[x",
    "https://[::1",
    "https://[v1.invalid]/",
    "//[",
    "https://a.invalid:99999/",
    "https://a.invalid:port/",
    "https://a.invalid:-1/",
    "https://" + "a" * 64 + ".invalid/",
    "https://a..invalid/",
    "https://%zz.invalid/",
    "https://a b.invalid/",
    "https:///x",
    "https://user:word@a.invalid/",
    "https://xn--a.invalid/",
)
"""What may stand in an answer where a URL should, in characters that a header can hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One request, byte for byte; header names as they were written."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    connection: int = 0
    """Over which connection it came, counted from 1."""

    def header(self, name: str) -> str | None:
        """Return a header's value; None when it was not sent."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Says:
    """One answer. `cut` bytes of the body are sent although all were promised; `slow_s` is waited before the body."""

    status: int = 200
    body: bytes = b"{}"
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/json"),)
    cut: int | None = None
    slow_s: float = 0.0
    hang_up: bool = False

    @staticmethod
    def of(status: int, data: Any) -> Says:
        """Return a JSON answer."""
        return Says(status=status, body=json.dumps(data).encode())

    @staticmethod
    def file(data: bytes, media_type: str) -> Says:
        """Return a file."""
        return Says(body=data, headers=(("Content-Type", media_type),))

    @staticmethod
    def redirect(target: str, status: int = 302) -> Says:
        """Return a redirect."""
        return Says(status=status, headers=(("Location", target),))


@dataclass(slots=True, kw_only=True)
class Recorder:
    """What was asked, and what is answered: the answers of a path in order, the last for ever."""

    url: str = ""
    upstream: str | None = None
    """Where requests without an answer of their own are passed on to."""
    seen: list[Seen] = field(default_factory=list)
    answers: dict[str, deque[Says]] = field(default_factory=dict)

    def say(self, path: str, *answers: Says) -> None:
        """Set the answers of a path (`*` is every other path)."""
        self.answers[path] = deque(answers)

    def to(self, path: str) -> list[Seen]:
        """Return the requests to a path."""
        return [seen for seen in self.seen if seen.path == path]

    def answer(self, seen: Seen) -> Says:
        """Write a request down and return its answer."""
        self.seen.append(seen)
        waiting = self.answers.get(seen.path) or self.answers.get("*")
        if waiting:
            return waiting.popleft() if len(waiting) > 1 else waiting[0]
        if self.upstream is None:
            return Says.of(404, {"error": "nothing here"})
        return _pass_on(self.upstream, seen)


@contextmanager
def recording(upstream: str | None = None) -> Iterator[Recorder]:
    """Serve on a free port of loopback."""
    recorder, connections = Recorder(upstream=upstream), itertools.count(1)

    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            self.number = next(connections)
            super().setup()

        def _any(self) -> None:
            size = int(self.headers.get("Content-Length", 0))
            seen = Seen(
                method=self.command,
                path=self.path,
                headers=tuple(self.headers.items()),
                body=self.rfile.read(size),
                connection=self.number,
            )
            _send(self, recorder.answer(seen))

        do_GET = do_POST = do_DELETE = do_PUT = _any

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 256

        def handle_error(self, request: object, client_address: object) -> None:
            """A caller that hangs up is no fault."""

    server = Quiet(("127.0.0.1", 0), Door)
    recorder.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield recorder
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _send(door: BaseHTTPRequestHandler, says: Says) -> None:
    if says.hang_up:
        door.close_connection = True
        return
    door.send_response(says.status)
    for name, value in says.headers:
        door.send_header(name, value)
    if says.status != 204:
        door.send_header("Content-Length", str(len(says.body)))
    door.end_headers()
    if says.slow_s:
        door.wfile.flush()
        time.sleep(says.slow_s)
    try:
        door.wfile.write(says.body if says.cut is None else says.body[: says.cut])
    except (BrokenPipeError, ConnectionResetError):
        door.close_connection = True
    if says.cut is not None:
        door.close_connection = True


def _pass_on(upstream: str, seen: Seen) -> Says:
    answer = httpx.request(
        seen.method, upstream + seen.path, headers=list(seen.headers), content=seen.body, trust_env=False, timeout=60
    )
    kept = tuple((name, value) for name, value in answer.headers.items() if name in ("content-type", "retry-after"))
    return Says(status=answer.status_code, headers=kept, body=answer.content)
