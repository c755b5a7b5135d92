"""Comments that silence warnings: `# scorefile: ignore[SF601, SF602]`."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field
from yaml.events import ScalarEvent

from runner.diagnostics.codes import CODES, LINT
from runner.pipeline.yaml.events import read_events
from runner.records.source import Mark, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.pipeline.yaml.document import Document
    from runner.pipeline.yaml.events import Event

SIGN: Final = "scorefile:"
COMMENT: Final = re.compile(r"(?:^|(?<=\s))#[^\n]*?\bscorefile:[ ]*ignore\b(?:\[([^\]\n]*)\])?", re.MULTILINE)
CODE: Final = re.compile(r"[^\s,]+")
BLOCK: Final = frozenset("|>")


class Ignores(Struct, kw_only=True):
    """The codes that are silenced in each line, and what is wrong with the comments themselves."""

    lines: dict[int, set[str]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def read_ignores(document: Document) -> Ignores:
    """Find the comments of a document. One beside a value applies to its line, one alone to the next line of YAML."""
    ignores = Ignores()
    source = document.source
    if SIGN not in source:
        return ignores
    lines = source.split("\n")
    line, at = 1, 0
    for match in _comments(source, document.file):
        line, at = line + source.count("\n", at, match.start()), match.start()
        is_alone = not lines[line - 1][: match.start() - source.rfind("\n", 0, match.start()) - 1].strip()
        target = _next_line(lines, line) if is_alone else line
        for code, mark in _codes(match, document.file, line):
            wrong = _wrong_code(code)
            if wrong is None:
                ignores.lines.setdefault(target, set()).add(code)
            else:
                message, remedy = wrong
                ignores.problems.append(
                    Problem(code="SF613", message=message, mark=mark, help=remedy, severity="warning")
                )
    return ignores


def _comments(source: str, file: str) -> Iterator[re.Match[str]]:
    """Yield matches that are comments, not parts of a text."""
    texts = [
        _span(event, source) for event in read_events(source, file)[0] if type(event) is ScalarEvent and event.style
    ]
    starts = [start for start, _ in texts]
    for match in COMMENT.finditer(source):
        before = bisect_right(starts, match.start())
        if not before or match.start() >= texts[before - 1][1]:
            yield match


def _span(event: Event, source: str) -> tuple[int, int]:
    """Return where the text of a scalar starts and ends; the first line of a block is not text yet."""
    start, end = event.start_mark.index, event.end_mark.index
    return (source.index("\n", start, end) if event.style in BLOCK else start), end


def _next_line(lines: list[str], line: int) -> int:
    """Return the first line after `line` that is neither blank nor a comment."""
    for number, text in enumerate(lines[line:], start=line + 1):
        if text.strip() and not text.lstrip().startswith("#"):
            return number
    return line


def _codes(match: re.Match[str], file: str, line: int) -> Iterator[tuple[str, Mark]]:
    """Yield each code of a comment with its place; a comment that names none yields an empty one."""
    before = match.string.rfind("\n", 0, match.start()) + 1
    if not (match[1] or "").strip():
        column = match.start() - before + 1
        yield "", Mark(file=file, line=line, column=column, end_column=match.end() - before + 1)
        return
    for code in CODE.finditer(match[1]):
        start = match.start(1) - before + code.start() + 1
        yield code[0], Mark(file=file, line=line, column=start, end_column=start + len(code[0]))


def _wrong_code(code: str) -> tuple[str, str | None] | None:
    """Return why a code cannot be silenced, and the remedy; None when it can."""
    if not code:
        return "ignore names no code", "write # scorefile: ignore[SF602]"
    if code in LINT:
        return None
    if code in CODES:
        return f"{code} is an error, and errors cannot be silenced", "correct what it reports, and remove the comment"
    return f"there is no code {code} to ignore", "`scorefile explain` lists the codes"
