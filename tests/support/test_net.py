from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.support.net import OutsideNetworkError


def test_connecting_outside_raises() -> None:
    with socket.socket() as sock, pytest.raises(OutsideNetworkError, match=r"connected to 192\.0\.2\.1"):
        sock.connect(("192.0.2.1", 80))


def test_connect_ex_outside_raises() -> None:
    with socket.socket() as sock, pytest.raises(OutsideNetworkError, match=r"connected to 192\.0\.2\.1"):
        sock.connect_ex(("192.0.2.1", 80))


def test_connecting_outside_over_ipv6_raises() -> None:
    with socket.socket(socket.AF_INET6) as sock, pytest.raises(OutsideNetworkError, match="connected to 2001:db8::1"):
        sock.connect(("2001:db8::1", 80))


@pytest.mark.parametrize("look_up", ["getaddrinfo", "gethostbyname"])
def test_looking_up_an_outside_name_raises(look_up: str) -> None:
    with pytest.raises(OutsideNetworkError, match=r"looked up example\.com"):
        getattr(socket, look_up)("example.com", *([443] if look_up == "getaddrinfo" else []))


def test_httpx_cannot_turn_the_net_into_an_ordinary_failure() -> None:
    with httpx.Client(trust_env=False) as client, pytest.raises(OutsideNetworkError, match=r"looked up example\.com"):
        client.get("http://example.com/")


def test_invalid_names_fail_as_they_do_everywhere() -> None:
    with pytest.raises(socket.gaierror, match="Name or service not known"):
        socket.getaddrinfo("vendor.invalid", 443)


def test_loopback_works() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("localhost", port)) as client:
            peer, _ = server.accept()
            with peer:
                client.sendall(b"x")
                assert peer.recv(1) == b"x"


def test_a_child_that_honours_proxies_reaches_nobody() -> None:
    script = "import urllib.request as u\nu.urlopen('http://192.0.2.1/', timeout=20)"
    child = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert child.returncode == 1
    assert "Connection refused" in child.stderr


def test_no_key_and_no_setting_is_in_the_environment() -> None:
    left = [name for name in os.environ if name.startswith("SCOREFILE_") or name.endswith(("_API_KEY", "_API_TOKEN"))]
    assert left == []


def test_home_is_a_temporary_folder() -> None:
    assert "pytest-" in str(Path.home())
