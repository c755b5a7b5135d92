"""Which addresses audio may come from."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from runner.engine.transport import is_loopback
from runner.errors import ScorefileError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_PROTOCOLS = ipaddress.ip_network("192.0.0.0/24")


class BadAddress(ScorefileError):
    """A link leads where no audio of this provider can be."""


def check_media_url(url: str, near: str) -> None:
    """Refuse a media URL that is not https on a public host, unless it and the provider `near` are on this machine.

    Raises BadAddress before a packet is sent. A name that is not found is left to the connection to report.
    """
    if is_loopback(near) and is_loopback(url):
        return
    parts = urlsplit(url)
    if parts.scheme != "https":
        raise BadAddress(f"the link to the audio is {parts.scheme or 'no URL'}, not https")
    with contextlib.suppress(OSError, UnicodeError):
        for *_, address in socket.getaddrinfo(parts.hostname, 443, proto=socket.IPPROTO_TCP):
            if not is_public(str(address[0])):
                raise _private(url)


def peer_check(url: str, near: str) -> Callable[[str, Mapping[str, Any]], None]:
    """Return a trace that refuses, before a byte is sent, a connection into a private network.

    It looks at the address that was really connected to, so a name that answers differently twice gains nothing. Behind
    a proxy the address is the proxy's own, and the proxy decides.
    """
    allowed = is_loopback(near) and is_loopback(url)
    proxied = urlsplit(url).scheme in urllib.request.getproxies()

    def trace(name: str, info: Mapping[str, Any]) -> None:
        if allowed or proxied or name != "connection.connect_tcp.complete":
            return
        address = info["return_value"].get_extra_info("server_addr")
        if address is None or not is_public(str(address[0])):
            raise _private(url)

    return trace


def _private(url: str) -> BadAddress:
    return BadAddress(f"the link to the audio leads into a private network ({urlsplit(url).hostname})")


def is_public(text: str) -> bool:
    """Say whether an address is on the public internet, seen through IPv4-mapped, NAT64 and 6to4 forms."""
    address = ipaddress.ip_address(text.split("%", maxsplit=1)[0])
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(str(address.ipv4_mapped))
        if address in _NAT64 or address.sixtofour is not None or address.teredo is not None:
            return False
    return address.is_global and not address.is_multicast and address not in _PROTOCOLS
