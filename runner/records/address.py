"""Addresses of providers: what is one, and whether it is this machine or a private network."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

PORTS: Final = {"http": 80, "https": 443}
PRIVATE: Final = tuple(
    map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"))
)
"""The networks of homes, offices and tunnels. Link-local ones, with the metadata of clouds, are not among them."""
PRIVATE_NAMES: Final = (".local", ".lan", ".internal", ".home.arpa")
"""How names end that no public server answers to."""
_PLAIN: Final = re.compile(r"(https?://[A-Za-z0-9.:-]+)/[A-Za-z0-9._~=:@,+/-]*", re.ASCII)
"""An address of which all that says where its server is comes before the path."""
USERINFO: Final = re.compile(r"(?<=://)[^\s/?#'\"]+(?=@)")


def hide_users(text: str) -> str:
    """Return `text`, of the same length, with the user names and passwords of its URLs made unreadable."""
    return USERINFO.sub(lambda found: "*" * len(found[0]), text)


def origin(url: str) -> tuple[str, str, int] | None:
    """Return scheme, host and port; None for what is no plain http or https URL."""
    plain = _PLAIN.fullmatch(url)
    return _origin(url if plain is None else plain[1])


@lru_cache(maxsize=256)  # each exchange asks several times for the same few
def _origin(url: str) -> tuple[str, str, int] | None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in PORTS or not parts.hostname or parts.username is not None or not url.isprintable():
        return None
    return (parts.scheme, parts.hostname, port or PORTS[parts.scheme]) if " " not in url else None


def is_loopback(url: str) -> bool:
    """Return whether a URL names this machine by a loopback address or `localhost`."""
    found = origin(url)
    if found is None:
        return False
    address = _address(found[1])
    return found[1] == "localhost" if address is None else address.is_loopback


def is_private(url: str) -> bool:
    """Return whether a URL names a host of a private network, by its address or by a name that no public host has."""
    found = origin(url)
    if found is None:
        return False
    address, host = _address(found[1]), found[1].rstrip(".")
    if address is None:
        return host != "localhost" and ("." not in host or host.endswith(PRIVATE_NAMES))
    return any(address in network for network in PRIVATE if network.version == address.version)


def may_be_plain(url: str) -> bool:
    """Return whether plain http is accepted for a URL: on this machine, and in a private network."""
    return is_loopback(url) or is_private(url)


@lru_cache(maxsize=256)
def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return a host as an address, an IPv4 address in IPv6 form as what it is; None for a name."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
