"""scorefile cancel"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from runner.cli import arguments, options
from runner.cli.reporting import logging_requests, text_or_json

if TYPE_CHECKING:
    from runner.report.cancel import CancelReport


@click.command("cancel")
@options.words
@options.trust
@text_or_json
@logging_requests
def command(words: tuple[str, ...], **given: Any) -> CancelReport:
    """Cancel running jobs, if their provider allows. Says whether each is charged."""
    from runner.commands.cancel import cancel
    from runner.commands.session import open_session

    return cancel(open_session(arguments.command_options(words, given)))
