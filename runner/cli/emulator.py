"""scorefile emulator"""

from __future__ import annotations

from pathlib import Path

import click

from runner.cli import options


@click.command("emulator")
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    envvar="SCOREFILE_HOST",
    help="Listen on this loopback address.",
)
@click.option(
    "--port",
    default=8765,
    show_default=True,
    type=click.IntRange(0, 65535),
    envvar="SCOREFILE_PORT",
    help="Listen on this port; 0 chooses a free one.",
)
@options.output_format
def command(host: str, port: int, format_: str) -> None:
    """Serve the embedded providers on this machine. Placeholder audio, no cost; Ctrl-C ends it."""
    from runner.cli.show import print_report
    from runner.emulator.serve import serve
    from runner.report.plain import PlainReport
    from runner.state.schemas import read_catalog, schema_folders

    catalog = read_catalog(schema_folders(Path.cwd()))
    keys = {provider.name: provider.auth.env for provider in catalog.providers.values() if provider.auth is not None}

    def ready(url: str) -> None:
        environment = {f"SCOREFILE_{name.upper()}_BASE_URL": url for name in keys} | dict.fromkeys(keys.values(), "any")
        exports = [f"export SCOREFILE_{name.upper()}_BASE_URL={url} {key}=any" for name, key in keys.items()]
        head = f"providers at {url}; any key is accepted. In another shell:"
        note = "scorefile run refuses this placeholder audio outside --rehearse, which starts an emulator of its own"
        content = {"url": url, "environment": environment}
        listening = PlainReport(
            verb="emulator", content=content, message=lambda _style: "\n".join([head, *exports, note])
        )
        print_report(listening, format_)

    serve(catalog, host, port, ready=ready)
