"""`emulator`: the embedded providers, served on loopback."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.emulator.serve import serve
from runner.report.plain import PlainReport
from runner.state.schemas import read_catalog, schema_folders

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def serve_emulator(folder: Path, host: str, port: int, *, ready: Callable[[PlainReport], object]) -> None:
    """Serve the providers of pipelines in `folder` until SIGINT or SIGTERM; pass `ready` how to reach them.

    Raises UsageError for a host that is not loopback or a port in use.
    """
    catalog = read_catalog(schema_folders(folder))
    keys = {provider.name: provider.auth.env for provider in catalog.providers.values() if provider.auth is not None}

    def announce(url: str) -> None:
        environment = {f"SCOREFILE_{name.upper()}_BASE_URL": url for name in keys} | dict.fromkeys(keys.values(), "any")
        exports = [f"export SCOREFILE_{name.upper()}_BASE_URL={url} {key}=any" for name, key in keys.items()]
        note = "scorefile run refuses this placeholder audio outside --rehearse, which starts an emulator of its own"
        head = f"providers at {url}; any key is accepted. In another shell:"
        content = {"url": url, "environment": environment}
        listening = PlainReport(
            verb="emulator", content=content, message=lambda _style: "\n".join([head, *exports, note])
        )
        ready(listening)

    serve(catalog, host, port, ready=announce)
