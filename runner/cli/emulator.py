"""scorefile emulator"""

from __future__ import annotations

from pathlib import Path

import click


@click.command("emulator")
@click.option("--host", default="127.0.0.1", show_default=True, envvar="SCOREFILE_GATEWAY_HOST")
@click.option("--port", default=8765, show_default=True, type=click.IntRange(0, 65535), envvar="SCOREFILE_GATEWAY_PORT")
def command(host: str, port: int) -> None:
    """Serve the embedded vendors on loopback until interrupted: the vendors' protocols, placeholder audio, no cost."""
    from runner.emulator.serve import serve
    from runner.state.schemas import read_catalog, schema_folders

    catalog = read_catalog(schema_folders(Path.cwd()))

    def ready(url: str) -> None:
        click.echo(f"vendors at {url}; any key is accepted. In another shell:", err=True)
        for provider in catalog.providers.values():
            if provider.auth is not None:
                name = provider.name.upper()
                click.echo(f"export SCOREFILE_{name}_BASE_URL={url} {provider.auth.env}=any", err=True)

    serve(catalog, host, port, ready=ready)
