"""HTTP clients: direct connections to this machine, and the environment's proxy to other hosts.

A key passes a proxy only inside TLS: https is tunnelled, http is sent directly, and access.py accepts http only for
loopback addresses.
"""

from __future__ import annotations

import logging
import ssl
from urllib.request import getproxies

import httpx

from runner.provider.connections import Connections
from runner.provider.deadline import Deadlines
from runner.provider.responses import clean
from runner.records.address import is_loopback, origin

HTTP_ERRORS = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ValueError, OverflowError)
"""What httpx raises for a bad host, address or answer; files raise OSError."""

OWN_CONNECTION = ("Connection", "close")
"""The header of a request that has a connection of its own.

Without it httpcore may give a connection to another thread in the moment in which the first one closes it, although none
is to be kept: that request would break after its first byte, and nobody would know whether it was charged.
"""

_RESPONSE_LINES = ("receive_response_headers.complete", "HTTP Request:")
"""How the log lines begin in which httpcore and httpx record an answer, at any level."""


def _drop_response_logs(record: logging.LogRecord) -> bool:
    """Drop httpx's own response records: they can contain the key. request_log.py logs each exchange."""
    return not record.getMessage().startswith(_RESPONSE_LINES)


for _name in ("httpx", "httpcore.http11"):
    logging.getLogger(_name).addFilter(_drop_response_logs)


class HttpClients:
    """The direct connections of one transport, and its httpx clients for all else. No client follows a redirect or keeps a connection.

    `layer` replaces the network below httpx in tests.
    """

    def __init__(self, layer: httpx.BaseTransport | None = None) -> None:
        verify = httpx.create_ssl_context() if layer is None else True
        self._any = self._public = None
        if isinstance(verify, ssl.SSLContext):
            self._any, self._public = Connections(verify), Connections(verify, public=True)
        self._has_proxy = bool(getproxies().keys() & {"http", "https", "all"})
        self.deadlines = Deadlines()
        self._direct = _client(verify, layer, trust_env=False)
        self._proxied = self._direct if layer is not None else _proxied(verify)

    def for_url(self, url: str) -> httpx.Client:
        """Return the client for one URL. Raises ProxyError when the proxy for it cannot be used."""
        found = origin(url)
        if found is None or found[0] == "http" or is_loopback(url):
            return self._direct
        if self._proxied is None:
            raise httpx.ProxyError("its address cannot be used")
        return self._proxied

    def connections(self, url: str, *, public: bool = False) -> Connections | None:
        """Return the connections for a URL, with `public` those to public addresses; None where a proxy may be on the way."""
        is_direct = not self._has_proxy or is_loopback(url)
        return (self._public if public else self._any) if is_direct else None

    def close(self) -> None:
        """Close idle connections."""
        self.deadlines.close()
        for connections in (self._any, self._public):
            if connections is not None:
                connections.close()
        self._direct.close()
        if self._proxied is not None:
            self._proxied.close()


def _client(verify: ssl.SSLContext | bool, layer: httpx.BaseTransport | None, *, trust_env: bool) -> httpx.Client:
    return httpx.Client(
        transport=layer,
        verify=verify,
        trust_env=trust_env,
        limits=httpx.Limits(max_keepalive_connections=0),
        http2=False,
        follow_redirects=False,
    )


def _proxied(verify: ssl.SSLContext | bool) -> httpx.Client | None:
    """Return a client that uses the environment's proxies; None when one of them has an address that httpx cannot use."""
    try:
        return _client(verify, None, trust_env=True)
    except (httpx.InvalidURL, ValueError, ImportError):
        return None


def describe(error: Exception) -> str:
    """Return what happened without the URL, which may contain a signature, and without any header."""
    match error:
        case httpx.ConnectTimeout():
            return "the connection was not made in time"
        case httpx.ProxyError():
            return f"the proxy failed: {clean(str(error))}"
        case httpx.ConnectError():
            return f"no connection: {str(error) or 'refused'}"
        case httpx.ReadTimeout() | httpx.WriteTimeout() | httpx.PoolTimeout():
            return "no complete answer in time"
        case httpx.ReadError() | httpx.WriteError() | httpx.CloseError():
            return "the connection broke"
        case httpx.RemoteProtocolError():
            return "the server closed the connection before its answer was complete"
        case httpx.LocalProtocolError() | httpx.InvalidURL() | httpx.UnsupportedProtocol():
            return "the request could not be formed"
        case _:
            return type(error).__name__
