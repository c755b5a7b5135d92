"""The machine's certificates, read once: to read them takes longer than most tests, which speak plain http on loopback."""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    import ssl


def share_certificates() -> None:
    """Let all clients of this process that want nothing but the machine's certificates have them from one context."""
    read = httpx.create_ssl_context
    context, places = read(), _places()

    def shared(*args: Any, **wanted: Any) -> ssl.SSLContext:
        is_plain = not args and wanted.get("verify", True) is True and wanted.get("cert") is None
        is_known = all(now in (None, then) for now, then in zip(_places(), places, strict=True))
        return context if is_plain and is_known else read(*args, **wanted)

    for name in ("httpx", "httpx._config", "httpx._transports.default"):
        importlib.import_module(name).create_ssl_context = shared  # type: ignore[attr-defined]


def _places() -> tuple[str | None, ...]:
    return os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
