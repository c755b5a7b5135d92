"""Markdown for comments and job summaries: cut to size, hostile words made harmless."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from runner.report.numbers import count
from runner.report.style import clean

if TYPE_CHECKING:
    from runner.report.records import FindingsReport, Page, Style

COMMENT_CHARACTERS = 65_000
"""GitHub takes comments of up to 65,536 characters."""
_WORD = re.compile(r"[^0-9A-Za-z ,/+=-]")
_LONGEST = 160


def as_markdown(report: FindingsReport, style: Style) -> str:
    """Return a report for a sticky comment: its first line is a hidden marker with the verb and the pipeline's file.

    It is the same whether all is well or the command was refused, and another for each file of a repository.
    """
    about = quote(" ".join(map(style.relative, report.files)), safe="").replace("--", "-%2D")
    return fit(
        report.page(),
        first=f"<!-- scorefile:{report.verb}:{about} -->",
        room=COMMENT_CHARACTERS,
        wide="utf-16-le",
        unit=2,
    )


def summary(report: FindingsReport, room: int) -> str:
    """Return a report for a job summary of at most `room` bytes; empty when nothing useful fits."""
    return fit(report.page(), first="", room=room, wide="utf-8", unit=1)


def fit(page: Page, *, first: str, room: int, wide: str, unit: int) -> str:
    """Write as many rows of a page as fit into `room`, and how many are left out.

    Sizes are counted as encoded in `wide`, in units of that many bytes: a comment's limit counts UTF-16 units, a
    summary's bytes.
    """

    def size(text: str) -> int:
        return len(text.encode(wide, "replace")) // unit

    head = "\n".join(filter(None, [first, page.head]))
    left = room - size(head) - size(page.table) - size(page.foot) - 200
    kept = []
    for row in page.rows:
        left -= size(row) + 1
        if left < 0:
            break
        kept.append(row)
    if left < 0 and not kept:
        return first if size(first) <= room else ""
    missing = len(page.rows) - len(kept)
    parts = [head]
    if kept:
        parts.append("\n".join([page.table, *kept]))
    if missing:
        parts.append(f"… and {count(missing, page.noun)} more.")
    if page.foot:
        parts.append(page.foot)
    return "\n\n".join(parts) + "\n"


def code(text: str, limit: int = _LONGEST) -> str:
    """Return any text as an inline code element that neither markdown, a table nor a mention can break out of."""
    line = clean(text)
    line = line if len(line) <= limit else line[: limit - 1] + "…"
    return f"<code>{_WORD.sub(lambda found: f'&#{ord(found[0])};', line)}</code>"


def row(*cells: str) -> str:
    """Return one row of a table; its cells are markdown already."""
    return f"| {' | '.join(cells)} |"
