"""The emulator as one ASGI application: every provider's paths side by side on one host."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.routing import Route

from runner.emulator.providers import EmulatedProviders
from runner.emulator.routing import operations
from runner.emulator.studio import open_studio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

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
    )
