"""The addresses from which audio may be downloaded."""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from runner.errors import ScorefileError
from runner.records.address import is_loopback, is_private, origin

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from urllib.parse import SplitResult

_EMBEDDING = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "fec0::/10", "::/96")))
"""IPv6 networks that stand for others: NAT64, also a private one, site-local, and IPv4 in the oldest form."""
_PROTOCOLS = ipaddress.ip_network("192.0.0.0/24")


class BadAddress(ScorefileError):
    """A link leads to an address from which no audio is downloaded."""


def check_media_url(url: str, provider_url: str) -> None:
    """Refuse a media URL that is not https on a public host, unless it is as near as its provider.

    That is on this machine, or on the very host of the private network that a person agreed to.

    Raises BadAddress before a packet is sent. A name that does not resolve is reported by the connection.
    """
    if is_near(url, provider_url):
        return
    parts = _parts(url)
    if parts.scheme != "https":
        raise BadAddress(f"the link to the audio is {parts.scheme or 'no URL'}, not https")
    if origin(url) is None or parts.hostname is None:
        raise _unusable()
    for address in _addresses(parts.hostname):
        if not is_public(address):
            raise _private(parts.hostname)


def is_near(url: str, provider_url: str) -> bool:
    """Return whether a URL and its provider are both on this machine, or on one host of a private network.

    Any other media URL has to lead to a public address, and a connection to it, too.
    """
    if is_loopback(provider_url):
        return is_loopback(url)
    here, there = origin(provider_url), origin(url)
    return is_private(provider_url) and here is not None and there is not None and here[1] == there[1]


def joined(url: str, target: str) -> str:
    """Return where a redirect from `url` leads. Raises BadAddress when that is no address."""
    try:
        return urljoin(url, target)
    except ValueError as error:
        raise _unusable() from error


def _parts(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError as error:
        raise _unusable() from error


def _addresses(host: str) -> list[str]:
    """Resolve a name; an unknown one has no addresses. Raises BadAddress for what cannot be a name."""
    try:
        return [str(address[0]) for *_, address in socket.getaddrinfo(host, 443, proto=socket.IPPROTO_TCP)]
    except OSError:
        return []
    except ValueError as error:
        raise _unusable() from error


def peer_check(url: str, provider_url: str, *, host: str) -> Callable[[str, Mapping[str, Any]], None]:
    """Return a trace that refuses, before a byte is sent, a connection into a private network.

    It checks the address of the open connection, so a name that resolves differently the second time is caught. A
    connection to another host than the URL's own `host` is one to a proxy, and the proxy decides.
    """
    allowed = is_near(url, provider_url)
    proxied = False

    def trace(name: str, info: Mapping[str, Any]) -> None:
        nonlocal proxied
        if name.endswith("connect_tcp.started"):
            proxied = info["host"] != host
        if allowed or proxied or not name.endswith("connect_tcp.complete"):
            return
        check_peer(host, info["return_value"].get_extra_info("server_addr"))

    return trace


def check_peer(host: str, address: tuple[object, ...] | None) -> None:
    """Raise BadAddress unless the other end of an open connection to `host` has a public address."""
    if address is None or not is_public(str(address[0])):
        raise _private(host)


def _unusable() -> BadAddress:
    return BadAddress("the link to the audio is not a usable address")


def _private(host: str) -> BadAddress:
    return BadAddress(f"the link to the audio leads into a private network ({host})")


def is_public(text: str) -> bool:
    """Return whether an address is on the public internet, also in IPv4-mapped, NAT64 and 6to4 form."""
    address = ipaddress.ip_address(text.split("%", maxsplit=1)[0])
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(str(address.ipv4_mapped))
        if (
            any(address in network for network in _EMBEDDING)
            or address.sixtofour is not None
            or address.teredo is not None
        ):
            return False
    return address.is_global and not address.is_multicast and address not in _PROTOCOLS
