"""The emulator as one ASGI application: every provider's paths side by side on one host."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from runner.emulator.providers import EmulatedProviders
from runner.emulator.routing import operations
from runner.emulator.studio import open_studio
from runner.records.address import is_loopback
from runner.records.exchange import EMULATOR_HEADER

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from runner.catalog.models import Catalog
    from runner.emulator.faults import Fault


def build_app(catalog: Catalog, faults: tuple[Fault, ...]) -> Starlette:
    """Build the application that emulates every provider of `catalog`; its lifespan owns the workers and the audio files.

    Besides the providers' own paths it serves `/media/{token}/{name}`, the links in their answers, and `/_emulator/ledger`.
    """
    providers = EmulatedProviders(faults=faults, known=operations(catalog))

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        with open_studio() as providers.studio:
            yield

    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    return Starlette(
        routes=[
            Route("/_emulator/ledger", providers.show_ledger),
            Route("/media/{token}/{name}", providers.media),
            Route("/{path:path}", providers.answer, methods=methods),
        ],
        lifespan=lifespan,
        middleware=[Middleware(marked), Middleware(local)],
    )


def marked(app: ASGIApp) -> ASGIApp:
    """Let every answer of `app` say that it comes from the emulator, so that no run takes it for a provider's."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (EMULATOR_HEADER.encode(), b"placeholder audio")]
            await send(message)

        await app(scope, receive, send_marked)

    return answer


def local(app: ASGIApp) -> ASGIApp:
    """Let `app` answer only what was asked of this machine by name: a page of a foreign host that leads here gets nothing."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        host = dict(scope.get("headers", ())).get(b"host", b"").decode("latin-1")
        if scope["type"] == "http" and not is_loopback(f"http://{host}"):
            refusal = PlainTextResponse("the emulator answers on this machine only\n", status_code=403)
            await refusal(scope, receive, send)
            return
        await app(scope, receive, send)

    return answer
