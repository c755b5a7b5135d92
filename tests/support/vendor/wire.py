"""HTTP/1.1 by hand: read a request, send an answer whole, broken, slow or never."""

from __future__ import annotations

import json
import socket
import struct
import time
from typing import TYPE_CHECKING, Any

from tests.support.vendor.book import Heard

if TYPE_CHECKING:
    from collections.abc import Mapping

PATIENCE_S = 60.0
DRIP_S = 0.05
MUCH = 64 << 20
_MAX_HEAD = 1 << 20


def read_request(sock: socket.socket, where: str) -> Heard | None:
    """Return one request, or None when the other side leaves before it is whole."""
    sock.settimeout(PATIENCE_S)
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = sock.recv(65536)
        if not chunk or len(data) > _MAX_HEAD:
            return None
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", "0")):
        chunk = sock.recv(65536)
        if not chunk:
            return None
        body += chunk
    return Heard(where=where, method=method, path=path, headers=headers, body=body)


def whole(status: int, body: bytes, kind: str = "application/json", headers: Mapping[str, str] | None = None) -> bytes:
    """Return an answer as it should be; a header given here replaces the usual one, an empty one removes it."""
    usual = {"Content-Type": kind, "Content-Length": str(len(body)), "Connection": "close"} | dict(headers or {})
    lines = "".join(f"{name}: {value}\r\n" for name, value in usual.items() if value)
    return f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode("latin-1") + body


def answer(sock: socket.socket, status: int, data: Any, headers: Mapping[str, str] | None = None) -> None:
    """Send JSON."""
    sock.sendall(whole(status, json.dumps(data).encode(), headers=headers))


def reset(sock: socket.socket) -> None:
    """Break the connection with RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def hang(sock: socket.socket) -> None:
    """Say nothing until the other side leaves."""
    sock.settimeout(PATIENCE_S)
    while sock.recv(4096):
        pass


def drip(sock: socket.socket, data: bytes) -> None:
    """Send one byte at a time, for as long as anyone listens."""
    for place in range(len(data)):
        sock.sendall(data[place : place + 1])
        time.sleep(DRIP_S)


def endless(sock: socket.socket, head: bytes, chunk: bytes) -> None:
    """Send a head and then `chunk` again and again, far more than anyone should read."""
    sock.sendall(head)
    for _ in range(MUCH // len(chunk)):
        sock.sendall(chunk)
