"""GitHub workflow commands: annotations at their place in the diff.

GitHub shows ten errors, ten warnings and ten notices of a step and drops the rest silently, so the tenth says how
many more there are. https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from runner.report.findings import worst_first
from runner.report.numbers import count

if TYPE_CHECKING:
    from runner.report.records import Finding, FindingsReport, Level, Style

MOST = 10
LEVELS: tuple[Level, ...] = ("error", "warning", "notice")
_COMMAND = re.compile(r"^(\s*):(?=:)|:(?=:[A-Za-z])", re.MULTILINE)


def as_github(report: FindingsReport, style: Style) -> str:
    """Return the text for the log, then at most ten annotations of a kind."""
    return "\n".join(filter(None, [inert(report.text(style)), *commands(report, style)]))


def commands(report: FindingsReport, style: Style) -> tuple[str, ...]:
    """Return the workflow commands of a report's findings, worst first."""
    found = worst_first(report.findings())
    lines: list[str] = []
    for level in LEVELS:
        these = [item for item in found if item.level == level]
        more = len(these) - MOST
        for number, item in enumerate(these[:MOST], start=1):
            rest = f"and {count(more, f'more {level}')}: the log and the job summary have them all"
            lines.append(_command(item, style, rest if number == MOST and more > 0 else None))
    return tuple(lines)


def inert(text: str) -> str:
    """Return text in which nothing can be taken for a workflow command, wherever it comes from."""
    return _COMMAND.sub(lambda found: f"{found[1] or ''}\u200b:", text).replace("##[", "#\u200b#[")


def inert_json(text: str) -> str:
    """Return the same JSON, in which nothing can be taken for a workflow command: only strings hold this."""
    return text.replace("##[", "#\\u0023[")


def escape_data(text: str) -> str:
    """Escape the message of a workflow command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def escape_property(text: str) -> str:
    """Escape the value of a workflow command's property."""
    return escape_data(text).replace(":", "%3A").replace(",", "%2C")


def _command(item: Finding, style: Style, rest: str | None) -> str:
    properties = {"title": item.rule}
    if item.mark is not None:
        place = {"file": style.relative(item.mark.file), "line": str(item.mark.line), "col": str(item.mark.column)}
        end = {"endColumn": str(item.mark.end_column)} if item.mark.end_column else {}
        properties = {**place, **end, **properties}
    said = ",".join(f"{name}={escape_property(value)}" for name, value in properties.items())
    message = "\n".join([item.message, *item.notes, *([rest] if rest else [])])
    return f"::{item.level} {said}::{escape_data(message)}"
