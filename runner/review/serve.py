"""Serve an application on loopback until a person ends it."""

from __future__ import annotations

import secrets
import socket
from typing import TYPE_CHECKING

from runner.errors import UsageError
from runner.review.app import build_app
from runner.state.files.processes import bind_alone

if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.review.app import Desk


def serve(desk: Desk, port: int, ready: Callable[[str], None]) -> None:
    """Serve a review until SIGINT or SIGTERM; call `ready` with its address, which holds a fresh secret, once it is answered.

    `port` 0 takes a free one. Raises UsageError for a port in use.
    """
    import uvicorn  # for those who serve

    class Announced(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                ready(f"http://127.0.0.1:{real_port}/{token}/")

    with socket.socket() as listening:
        bind_alone(listening)
        try:
            listening.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            raise UsageError(
                f"port {port} cannot be used: {_why(error)}", help="choose another --port, or 0 for a free one"
            ) from error
        real_port, token = listening.getsockname()[1], secrets.token_urlsafe(24)
        origins = frozenset(f"http://{name}:{real_port}" for name in ("127.0.0.1", "localhost"))
        config = uvicorn.Config(
            build_app(desk, token, origins),
            http="h11",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        Announced(config).run(sockets=[listening])


def _why(error: OSError | OverflowError) -> str:
    """Return the words of an error of this machine without its number."""
    words = getattr(error, "strerror", None) or str(error)
    return words[:1].lower() + words[1:]
