"""scorefile explain"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from runner.cli import arguments, complete, options
from runner.cli.reporting import text_or_json

if TYPE_CHECKING:
    from runner.explain import Page
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
    if not words:
        return _codes()
    if all(CODE.fullmatch(word) for word in words):
        return _pages(words)
    from runner.commands.explain import explain_jobs
    from runner.commands.session import open_session

    return explain_jobs(open_session(arguments.command_options(words, given)))


def _codes() -> Report:
    from runner.explain import codes, read_page
    from runner.report.plain import PlainReport
    from runner.report.table import table

    titles = {code: read_page(code).title for code in codes()}
    return PlainReport(
        verb="explain",
        content={"codes": [{"code": code, "title": title} for code, title in titles.items()]},
        write=lambda style: "\n".join(table(("CODE", "MEANING"), titles.items(), color=style.color)),
    )


def _pages(words: tuple[str, ...]) -> Report:
    from runner.report.plain import PlainReport

    pages = [_page(word) for word in words]
    return PlainReport(
        verb="explain",
        content={"codes": [{"code": page.code, "title": page.title, "text": page.text} for page in pages]},
        write=lambda _style: "".join(page.text for page in pages).removesuffix("\n"),
    )


def _page(word: str) -> Page:
    from runner.errors import UsageError
    from runner.explain import read_page

    try:
        return read_page(word.upper())
    except KeyError:
        raise UsageError(f"there is no code {word}", help="`scorefile explain` lists the codes") from None
