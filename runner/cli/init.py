"""scorefile init"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from runner.cli.reporting import text_or_json

if TYPE_CHECKING:
    from runner.report.records import Report


@click.command("init")
@click.argument("folder", default=".", metavar="[DIR]")
@text_or_json
def command(folder: str) -> Report:
    """Write a first pipeline that runs at once. Writes the editor's schema, .gitignore and .gitattributes too."""
    from runner.commands.init import init

    return init(folder)
