"""httpx through `requests`, so that `responses`, which patches requests, sees and answers our calls.

Only what crosses the wire is kept: method, URL, headers, body. Nothing is decoded, followed, retried or added. As httpcore
does, it says through the `trace` extension when the headers are about to leave. It cannot say when a connection failed
before that: whoever needs the difference uses a real socket.
"""

from __future__ import annotations

import httpx
import requests

HOP_BY_HOP = {"transfer-encoding", "content-encoding", "connection"}


class Bridge(httpx.BaseTransport):
    """A transport that forwards every request with `requests`; its failures are httpx's own."""

    def __init__(self) -> None:
        self.session = requests.Session()
        self.session.trust_env = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request and return its whole answer, not read yet."""
        prepared = requests.Request(
            method=request.method,
            url=str(request.url),
            headers={name.decode(): value.decode() for name, value in request.headers.raw if name.lower() != b"host"},
            data=request.read(),
        ).prepare()
        trace = request.extensions.get("trace")
        if trace is not None:
            trace("http11.send_request_headers.started", {"request": request})
        try:
            answer = self.session.send(prepared, allow_redirects=False, timeout=_timeout(request))
        except requests.ConnectTimeout as error:
            raise httpx.ConnectTimeout(str(error), request=request) from error
        except requests.Timeout as error:
            raise httpx.ReadTimeout(str(error), request=request) from error
        except requests.ConnectionError as error:
            raise httpx.ConnectError(str(error), request=request) from error
        headers = [(name, value) for name, value in answer.headers.items() if name.lower() not in HOP_BY_HOP]
        body = httpx.ByteStream(answer.content)
        return httpx.Response(answer.status_code, headers=headers, stream=body, request=request)

    def close(self) -> None:
        """Close the session's connections."""
        self.session.close()


def _timeout(request: httpx.Request) -> tuple[float | None, float | None]:
    limits = request.extensions.get("timeout", {})
    return limits.get("connect"), limits.get("read")
