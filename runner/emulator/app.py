"""The embedded vendors as one ASGI application: every vendor's paths side by side on one host."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.routing import Route

from runner.emulator.routing import operations
from runner.emulator.studio import open_studio
from runner.emulator.vendors import Vendors

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from runner.catalog.models import Catalog
    from runner.emulator.settings import Settings


def build_app(catalog: Catalog, settings: Settings) -> Starlette:
    """Build the application that plays every vendor of `catalog`; its lifespan owns the workers and the audio files.

    Beside the vendors' own paths it has `/media/{token}/{name}`, the links in their answers, and `/_emulator/ledger`.
    """
    vendors = Vendors(settings=settings, known=operations(catalog))

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        with open_studio() as vendors.studio:
            yield

    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    return Starlette(
        routes=[
            Route("/_emulator/ledger", vendors.book),
            Route("/media/{token}/{name}", vendors.media),
            Route("/{path:path}", vendors.answer, methods=methods),
        ],
        lifespan=lifespan,
    )
