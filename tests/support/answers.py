"""A vendor that answers each request as one function says: for answers that no real vendor would give."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Answer: TypeAlias = "tuple[int, Mapping[str, str], bytes | Mapping[str, Any]]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True, kw_only=True)
class Answering:
    """Where it answers, and what it was asked."""

    url: str = ""
    heard: list[Asked] = field(default_factory=list)

    def posts(self) -> list[Asked]:
        """Return the submits."""
        return [asked for asked in self.heard if asked.method == "POST"]


@contextmanager
def answering(say: Callable[[Asked, Answering], Answer]) -> Iterator[Answering]:
    """Serve on loopback while the block runs."""
    running = Answering()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            pass

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            asked = Asked(method=self.command, path=self.path, headers=dict(self.headers), body=body)
            running.heard.append(asked)
            status, headers, said = say(asked, running)
            data = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response_only(status)
            for name, value in {"Content-Length": str(len(data)), "Connection": "close", **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)
            self.close_connection = True

        do_GET = do_POST = do_DELETE = answer

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        running.url = "http://{}:{}".format(*server.server_address[:2])
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield running
        finally:
            server.shutdown()
            thread.join()
