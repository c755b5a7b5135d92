"""A proxy on loopback that writes down what it hears in clear text, and a vendor behind it that speaks TLS."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import trustme

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

VENDOR = "vendor.invalid"
Manner = Literal["tunnel", "refuse", "hang up", "garble"]


@dataclass(slots=True, kw_only=True)
class Proxy:
    """What a proxy heard. `manner` is what it makes of a CONNECT, `target` the port that it tunnels to."""

    url: str = ""
    manner: Manner = "refuse"
    target: int = 0
    heard: list[bytes] = field(default_factory=list)

    def environ(self) -> dict[str, str]:
        """Return the variables that send everything through this proxy."""
        names = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
        used = {name: self.url for upper in names for name in (upper, upper.lower())}
        return used | {"NO_PROXY": "", "no_proxy": ""}


@contextlib.contextmanager
def running_proxy() -> Iterator[Proxy]:
    """Serve on a free port of loopback."""
    proxy = Proxy()
    with _serving(lambda sock: _mediate(proxy, sock)) as port:
        proxy.url = f"http://127.0.0.1:{port}"
        yield proxy


@contextlib.contextmanager
def tls_vendor(folder: Path, answer: bytes | None) -> Iterator[tuple[int, Path, list[bytes]]]:
    """Serve `answer` as VENDOR over TLS, or hold the line for None; yield port, authority and the requests heard."""
    authority = trustme.CA()
    pem = folder / "authority.pem"
    authority.cert_pem.write_to_path(str(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(VENDOR).configure_cert(context)
    heard: list[bytes] = []

    def serve(raw: socket.socket) -> None:
        with context.wrap_socket(raw, server_side=True) as sock:
            heard.append(_request(sock))
            if answer is None:
                sock.recv(1)
            else:
                sock.sendall(answer)

    with _serving(serve) as port:
        yield port, pem, heard


@contextlib.contextmanager
def _serving(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    door = socket.create_server(("127.0.0.1", 0))

    def one(sock: socket.socket) -> None:
        with contextlib.suppress(OSError), sock:
            sock.settimeout(10)
            serve(sock)

    def welcome() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=one, args=(door.accept()[0],), daemon=True).start()

    threading.Thread(target=welcome, daemon=True).start()
    try:
        yield door.getsockname()[1]
    finally:
        door.close()


def _request(sock: socket.socket) -> bytes:
    """Read one request, its body too, as far as it comes."""
    data = b""
    while (missing := _missing(data)) and (chunk := sock.recv(missing)):
        data += chunk
    return data


def _missing(data: bytes) -> int:
    head, end, body = data.partition(b"\r\n\r\n")
    promised = re.search(rb"(?i)content-length: *(\d+)", head)
    return max(0, int(promised[1]) - len(body) if promised else 0) if end else 1


def _mediate(proxy: Proxy, sock: socket.socket) -> None:
    proxy.heard.append(_request(sock))
    match proxy.manner:
        case "refuse":
            sock.sendall(b"HTTP/1.1 503 Not Today\r\nContent-Length: 0\r\n\r\n")
        case "garble":
            sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            sock.recv(65536)
            sock.sendall(b"this is no TLS\r\n" * 4)
        case "tunnel":
            sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            with socket.create_connection(("127.0.0.1", proxy.target)) as far:
                back = threading.Thread(target=_pump, args=(far, sock), daemon=True)
                back.start()
                _pump(sock, far)
                back.join(5)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
