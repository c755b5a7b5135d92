"""scorefile trust"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from runner.cli import arguments, options
from runner.cli.reporting import text_or_json

if TYPE_CHECKING:
    from runner.report.trust import TrustReport


@click.command("trust")
@options.file
@options.profile
@click.option("-y", "--yes", is_flag=True, help="Agree to every binding that is listed.")
@text_or_json
def command(file: str | None, *, profile: str | None, yes: bool) -> TrustReport:
    """Show which key goes to which host, and agree to it. A project's own hosts and key variables need this once.

    A binding that changes is asked for again; loopback addresses and what ships with Scorefile need nothing.
    """
    from runner.commands.session import open_session
    from runner.commands.trust import trust

    session = open_session(arguments.file_options(file, {"profile": profile}))
    return trust(session, lambda report: yes or _agrees(report))


def _agrees(report: TrustReport) -> bool:
    """Ask the person at the terminal, where there is one."""
    from runner.cli.show import confirm, print_err, style_for

    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    print_err(report.text(style_for(sys.stderr)))
    return confirm("Let this project send these keys to these hosts?")
