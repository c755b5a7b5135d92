"""scorefile models"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from runner.cli import complete, options
from runner.cli.reporting import text_or_json

if TYPE_CHECKING:
    from runner.report.records import Report


@click.command("models")
@click.argument("model", required=False, shell_complete=complete.models)
@options.wide
@text_or_json
def command(model: str | None) -> Report:
    """List the models, or show one model's parameters and price."""
    from pathlib import Path

    from runner.commands.models import models

    return models(Path.cwd(), model)
