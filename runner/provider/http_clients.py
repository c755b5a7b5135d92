"""The way to the network: straight to this machine, and through the proxy that the environment names to others.

A key goes through a proxy inside TLS only: what is https is tunnelled, what is http goes straight, and access.py lets
http stand for loopback alone.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import httpx

from runner.provider.addresses import is_loopback
from runner.provider.calls import origin
from runner.provider.responses import clean

if TYPE_CHECKING:
    import ssl

FAULTS = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ValueError, OverflowError)
"""What httpx raises for a host, an address or an answer that is not as it should be; files raise OSError."""

_ANSWERS = ("receive_response_headers.complete", "HTTP Request:")
"""How the lines begin in which httpcore and httpx log what was answered, at whatever level they are heard."""


def _is_ours_to_tell(record: logging.LogRecord) -> bool:
    """Keep an answer's words out of others' logs: they may say the key back, and request_log.py tells of each exchange."""
    return not record.getMessage().startswith(_ANSWERS)


for _name in ("httpx", "httpcore.http11"):
    logging.getLogger(_name).addFilter(_is_ours_to_tell)


class Wire:
    """The clients that a request may go out by. None of them follows a redirect or keeps a connection.

    `layer` replaces the network below httpx in tests.
    """

    def __init__(self, layer: httpx.BaseTransport | None = None) -> None:
        verify = httpx.create_ssl_context() if layer is None else True
        self._straight = _client(verify, layer, trust_env=False)
        self._usual = self._straight if layer is not None else _usual(verify)

    def to(self, url: str) -> httpx.Client:
        """Return the client for one URL. Raises ProxyError when the proxy for it cannot be used."""
        found = origin(url)
        if found is None or found[0] == "http" or is_loopback(url):
            return self._straight
        if self._usual is None:
            raise httpx.ProxyError("what the environment names as one cannot be used")
        return self._usual

    def close(self) -> None:
        """Close idle connections."""
        self._straight.close()
        if self._usual is not None:
            self._usual.close()


def _client(verify: ssl.SSLContext | bool, layer: httpx.BaseTransport | None, *, trust_env: bool) -> httpx.Client:
    return httpx.Client(
        transport=layer,
        verify=verify,
        trust_env=trust_env,
        limits=httpx.Limits(max_keepalive_connections=0),
        http2=False,
        follow_redirects=False,
    )


def _usual(verify: ssl.SSLContext | bool) -> httpx.Client | None:
    """Return a client that minds the environment's proxies; None when what is named there is none that it knows."""
    try:
        return _client(verify, None, trust_env=True)
    except (httpx.InvalidURL, ValueError, ImportError):
        return None


def words_of(error: Exception) -> str:
    """Say what happened without the URL, which may hold a signature, and without any header."""
    match error:
        case httpx.ConnectTimeout():
            return "no connection in time"
        case httpx.ProxyError():
            return f"no way through the proxy: {clean(str(error))}"
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
