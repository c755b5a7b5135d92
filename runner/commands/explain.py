"""`explain`: why a job would run, and what a code means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.errors import UsageError
from runner.explain import codes, read_page
from runner.explain.job import ExplainReport
from runner.report.plain import PlainReport
from runner.report.table import table

if TYPE_CHECKING:
    from runner.commands.session import Session
    from runner.explain import Page


def explain_jobs(session: Session) -> ExplainReport:
    """Return what would be done for each named job, why, and at what cost. Raises UsageError when none is named."""
    names = session.options.wanted.names
    if not names:
        raise UsageError("explain needs a job or a code", help="scorefile explain JOB, or scorefile explain SF401")
    named = tuple(
        action
        for action in session.plan.actions
        if action.request.job in names or action.request.job.partition("@")[0] in names
    )
    return ExplainReport(actions=named)


def explain_codes(words: tuple[str, ...]) -> PlainReport:
    """Return the pages of these codes, the list of all codes when none is named. Raises UsageError for an unknown one."""
    return _pages(words) if words else _codes()


def _codes() -> PlainReport:
    titles = {code: read_page(code).title for code in codes()}
    return PlainReport(
        verb="explain",
        content={"codes": [{"code": code, "title": title} for code, title in titles.items()]},
        write=lambda style: "\n".join(table(("CODE", "MEANING"), titles.items(), style)),
    )


def _pages(words: tuple[str, ...]) -> PlainReport:
    pages = [_page(word) for word in words]
    return PlainReport(
        verb="explain",
        content={"codes": [{"code": page.code, "title": page.title, "text": page.text} for page in pages]},
        write=lambda _style: "".join(page.text for page in pages).removesuffix("\n"),
    )


def _page(word: str) -> Page:
    try:
        return read_page(word.upper())
    except KeyError:
        raise UsageError(f"there is no code {word}", help="`scorefile explain` lists the codes") from None
