"""Every format by its name; the names are the choices of --format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from runner.report.as_json import as_json, as_jsonl
from runner.report.github import as_github
from runner.report.junit import as_junit
from runner.report.markdown import as_markdown
from runner.report.sarif import as_sarif

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runner.report.records import FindingsReport, Report, Style


def as_text(report: Report, style: Style) -> str:
    """Return a report for people."""
    return report.text(style)


PLAIN_FORMATS: Final[Mapping[str, Callable[[Report, Style], str]]] = {"text": as_text, "json": as_json}
"""What every report can be shown in."""

FORMATS: Final[Mapping[str, Callable[[FindingsReport, Style], str]]] = {
    **PLAIN_FORMATS,
    "jsonl": as_jsonl,
    "github": as_github,
    "junit": as_junit,
    "sarif": as_sarif,
    "markdown": as_markdown,
}
