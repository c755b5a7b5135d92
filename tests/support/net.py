"""The safety net around the suite: no network but loopback, no keys, no settings, a home of its own.

In this process every connect, connect_ex and name look-up that is not for loopback raises OutsideNetworkError, which no
`except OSError` swallows. A name under `.invalid` fails as such a name does everywhere (RFC 6761), without asking anyone.

Not covered: datagrams, sockets that C libraries open by themselves, and child processes. Children inherit proxy settings
that point at a closed port of loopback, so that a client which honours them gets nowhere.
"""

from __future__ import annotations

import ipaddress
import os
import re
import socket
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

SECRET = re.compile(r"(_API_KEY|_API_TOKEN|_TOKEN|_SECRET|_PASSWORD)$")
SETTING = re.compile(r"^(SCOREFILE_|GITHUB_|XDG_|CLICOLOR|NO_COLOR$|FORCE_COLOR$|COLUMNS$|CI$)")
NOWHERE = "http://127.0.0.1:9"
LOOPBACK = "127.0.0.1,localhost,::1"


class OutsideNetworkError(RuntimeError):
    """A test reached for a host that is not this machine."""


def spread(patch: pytest.MonkeyPatch, home: Path) -> None:
    """Put the net up: until `patch` is undone, this process reaches loopback only and its environment is bare."""
    _clear_environment(patch, home)
    connect, connect_ex, look_up = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        _judge(self, address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        _judge(self, address)
        return connect_ex(self, address)

    def guarded_look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name and name.rstrip(".").endswith(".invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        if name and not _is_loopback(name):
            raise OutsideNetworkError(f"a test looked up {name}")
        return look_up(host, *args, **kwargs)

    patch.setattr(socket.socket, "connect", guarded_connect)
    patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
    patch.setattr(socket, "getaddrinfo", guarded_look_up)
    patch.setattr(socket, "gethostbyname", lambda name: guarded_look_up(name, None, socket.AF_INET)[0][4][0])


def _clear_environment(patch: pytest.MonkeyPatch, home: Path) -> None:
    for name in list(os.environ):
        if SECRET.search(name) or SETTING.search(name):
            patch.delenv(name)
    patch.setenv("HOME", str(home))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        patch.setenv(name, NOWHERE)
        patch.setenv(name.lower(), NOWHERE)
    patch.setenv("NO_PROXY", LOOPBACK)
    patch.setenv("no_proxy", LOOPBACK)


def _judge(sock: socket.socket, address: Any) -> None:
    if sock.family in (socket.AF_INET, socket.AF_INET6) and not _is_loopback(str(address[0])):
        raise OutsideNetworkError(f"a test connected to {address[0]}")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host == "localhost"
