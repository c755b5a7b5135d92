"""scorefile explain"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from runner.cli import arguments, complete, options
from runner.cli.reporting import text_or_json

if TYPE_CHECKING:
    from runner.report.records import Report

CODE = re.compile(r"SF\d+", re.IGNORECASE)


@click.command("explain")
@click.argument("words", nargs=-1, metavar="CODE | [FILE] JOB...", shell_complete=complete.explained)
@options.profile
@options.variables
@options.rehearse
@text_or_json
def command(words: tuple[str, ...], **given: Any) -> Report:
    """Explain why a job would run, or what an error code means. Without words: list the codes."""
    from runner.commands.explain import explain_codes, explain_jobs
    from runner.commands.session import open_session

    if all(CODE.fullmatch(word) for word in words):
        return explain_codes(words)
    return explain_jobs(open_session(arguments.command_options(words, given)))
