"""From an offset inside a parsed string back to the line and column where it was written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from runner.frozen import replace
from runner.pipeline.yaml.events import mark_of
from runner.records.pipeline import Text
from runner.records.source import Mark

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.pipeline.yaml.events import Event

TEMPLATE_MARKS = ("{{", "{%", "{#")
PROPERTIES = re.compile(r"(?:[&!]\S*(?:\s+#[^\n]*)*\s+)*")
FIRST_TEXT = re.compile(r"\S")
UNITS = {
    "single": re.compile(r"''|.", re.DOTALL),
    "double": re.compile(r"\\(?:x(?P<x>..)|u(?P<u>.{4})|U(?P<U>.{8})|\n\s*|.)|.", re.DOTALL),
}
BLANK_ESCAPES = frozenset("tnvfrNLP_ \t\n")


def is_template(value: str) -> bool:
    """Tell whether `value` contains a template."""
    return any(sign in value for sign in TEMPLATE_MARKS)


def text_of(event: Event, source: str, file: str) -> Text:
    """Cut the scalar out of its source: without anchor, quotes or block header."""
    start = event.start_mark.index
    raw = source[start : event.end_mark.index]
    properties = PROPERTIES.match(raw) if event.anchor or event.tag else None
    lead = properties.end() if properties else 0
    style: Literal["plain", "single", "double", "block"]
    match event.style:
        case "|" | ">":
            header = raw.find("\n", lead) + 1
            body = FIRST_TEXT.search(raw, header) if header else None
            cut, end, style = (body.start() if body else lead), len(raw), "block"
        case "'":
            cut, end, style = lead + 1, len(raw) - 1, "single"
        case '"':
            cut, end, style = lead + 1, len(raw) - 1, "double"
        case _:
            cut, end, style = lead, len(raw), "plain"
    before = source[start : start + cut]
    lines = before.count("\n")
    column = cut - before.rfind("\n") if lines else event.start_mark.column + 1 + cut
    mark = Mark(file=file, line=event.start_mark.line + 1 + lines, column=column)
    return Text(mark=mark, raw=raw[cut:end], style=style)


def value_mark(event: Event, source: str, file: str) -> Mark:
    """Return the place of a value that has an anchor: after it."""
    mark = mark_of(event, file)
    start = event.start_mark.index
    properties = PROPERTIES.match(source, start, event.end_mark.index)
    lead = source[start : properties.end()] if properties else ""
    lines = lead.count("\n")
    if not lines:
        return replace(mark, column=mark.column + len(lead))
    column = len(lead) - lead.rfind("\n")
    return Mark(file=file, line=mark.line + lines, column=column)


def file_text(content: str, file: str) -> Text:
    """Treat a whole file's content as one text."""
    return Text(mark=Mark(file=file, line=1, column=1), raw=content, style="plain")


def place(text: Text, value: str, start: int, end: int | None = None) -> Mark:
    """Return where `value[start:end]` was written; `value` is the string that was parsed from `text`.

    Folding and escapes move blanks about but keep the order of everything else, so characters that are not
    blank are counted: the n-th in the string is the n-th in the source.
    """
    index = _raw_index(text, _solid(value[:start]))
    mark = _mark_at(text, index)
    if end is None:
        return mark
    last = _mark_at(text, _raw_index(text, _solid(value[: end - 1])))
    same_line = last.line == mark.line
    return Mark(file=mark.file, line=mark.line, column=mark.column, end_column=last.column + 1 if same_line else None)


def _solid(value: str) -> int:
    return sum(not character.isspace() for character in value)


def _raw_index(text: Text, count: int) -> int:
    """Find the index in `text.raw` of the solid character that `count` others precede."""
    for index, solid in _units(text):
        if solid:
            if count == 0:
                return index
            count -= 1
    return len(text.raw)


def _units(text: Text) -> Iterator[tuple[int, bool]]:
    """Yield (index, is not blank) for each part of the source that is one character of the value."""
    units = UNITS.get(text.style)
    if units is None:
        for index, character in enumerate(text.raw):
            yield index, not character.isspace()
        return
    for match in units.finditer(text.raw):
        yield match.start(), not _is_blank(match)


def _is_blank(match: re.Match[str]) -> bool:
    token = match[0]
    if token[0] != "\\" or len(token) == 1:
        return token.isspace()
    code = next(filter(None, match.groups()), None)
    if code is None:
        return token[1] in BLANK_ESCAPES
    return chr(int(code, 16)).isspace()


def _mark_at(text: Text, index: int) -> Mark:
    before = text.raw[:index]
    lines = before.count("\n")
    column = index - before.rfind("\n") if lines else text.mark.column + index
    return Mark(file=text.mark.file, line=text.mark.line + lines, column=column)
