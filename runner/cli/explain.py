"""scorefile explain"""

from __future__ import annotations

import os
import re
from typing import Any

import click

from runner.cli import arguments, complete, options

CODE = re.compile(r"SF\d+", re.IGNORECASE)


@click.command("explain")
@click.argument("words", nargs=-1, metavar="CODE | [FILE] JOB...", shell_complete=complete.explained)
@options.profile
@options.variables
@options.rehearse
def command(words: tuple[str, ...], **rest: Any) -> int:
    """Say what a code means, with an example; or why a job would run. Without words: list the codes."""
    if not words:
        _list_codes()
    elif all(CODE.fullmatch(word) for word in words):
        for word in words:
            _page(word)
    else:
        return _jobs(words, rest)
    return 0


def _list_codes() -> None:
    from runner.cli.show import print_table
    from runner.explain import codes, read_page

    print_table(("code", "means"), [(code, read_page(code).title) for code in codes()])


def _page(word: str) -> None:
    from runner.errors import UsageError
    from runner.explain import read_page

    try:
        page = read_page(word.upper())
    except KeyError:
        raise UsageError(f"there is no code {word}", help="`scorefile explain` lists the codes") from None
    click.echo(page.text, nl=False)


def _jobs(words: tuple[str, ...], given: dict[str, Any]) -> int:
    from runner.cli.show import OutputOptions, configure, print_report
    from runner.commands.explain import explain_jobs
    from runner.commands.session import open_session

    configure(OutputOptions(color=os.environ.get("SCOREFILE_COLOR", "auto")))
    return print_report(explain_jobs(open_session(arguments.command_options(words, given))), "text")
