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
    from runner.commands.emulator import serve_emulator

    serve_emulator(Path.cwd(), host, port, ready=lambda report: print_report(report, format_))
