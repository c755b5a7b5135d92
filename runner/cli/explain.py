"""scorefile explain"""

from __future__ import annotations

import re
import sys
from typing import Any

import click

from runner.cli import arguments, complete, options

CODE = re.compile(r"SF\d+", re.IGNORECASE)


@click.command("explain")
@click.argument("words", nargs=-1, metavar="CODE | [FILE] JOB...", shell_complete=complete.explained)
@options.profile
@options.variables
@options.rehearse
def command(words: tuple[str, ...], **rest: Any) -> None:
    """Say what a code means, with an example; or why a job would run. Without words: list the codes."""
    if not words:
        _list_codes()
    elif all(CODE.fullmatch(word) for word in words):
        for word in words:
            _page(word)
    else:
        _jobs(words, **rest)


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


def _jobs(words: tuple[str, ...], **rest: Any) -> None:
    from runner.cli.show import style_for
    from runner.commands.workflow import check, plan
    from runner.errors import UsageError
    from runner.explain.job import explain_job

    ask = arguments.ask_from(words, **rest)
    if not ask.wanted.names:
        raise UsageError("explain needs a job or a code", help="scorefile explain JOB, or scorefile explain SF401")
    todo = plan(check(ask), ask)
    named = [action for action in todo.actions if _is_named(action.request.job, ask.wanted.names)]
    color = style_for(sys.stdout).color
    click.echo("\n\n".join(explain_job(action, color=color) for action in named))


def _is_named(job: str, names: tuple[str, ...]) -> bool:
    return job in names or job.partition("@")[0] in names
