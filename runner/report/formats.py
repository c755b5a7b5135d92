"""Every format by its name; the names are the choices of --format. What is not for people is imported when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from runner.report.as_json import as_json, as_jsonl

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runner.report.records import FindingsReport, Report, Style


def as_text(report: Report, style: Style) -> str:
    """Return a report for people."""
    return report.text(style)


def _github(report: FindingsReport, style: Style) -> str:
    from runner.report.github import as_github

    return as_github(report, style)


def _junit(report: FindingsReport, style: Style) -> str:
    from runner.report.junit import as_junit

    return as_junit(report, style)


def _sarif(report: FindingsReport, style: Style) -> str:
    from runner.report.sarif import as_sarif

    return as_sarif(report, style)


def _markdown(report: FindingsReport, style: Style) -> str:
    from runner.report.markdown import as_markdown

    return as_markdown(report, style)


PLAIN_FORMATS: Final[Mapping[str, Callable[[Report, Style], str]]] = {"text": as_text, "json": as_json}
"""What every report can be shown in."""

FORMATS: Final[Mapping[str, Callable[[FindingsReport, Style], str]]] = {
    **PLAIN_FORMATS,
    "jsonl": as_jsonl,
    "github": _github,
    "junit": _junit,
    "sarif": _sarif,
    "markdown": _markdown,
}
