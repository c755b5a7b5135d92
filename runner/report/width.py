"""One source line as a terminal shows it: how wide each character is, and where a place in it begins."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from runner.report.style import visible

TAB = 4
WIDEST = 100
"""A longer line is cut around the place, in terminal columns."""
BEFORE = 40
"""How much of a cut line is shown before the place."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A line made printable, and the underline below it: `offset` blanks, then `width` carets."""

    text: str
    offset: int
    width: int


def show_line(line: str, start: int, end: int | None) -> Shown:
    """Lay out a line with the characters `start` to `end` (from 1, exclusive) to be underlined."""
    cells = _cells(line)
    first = min(start - 1, len(cells))
    last = min(max(end - 1 if end else first + 1, first + 1), max(len(cells), first + 1))
    while end is None and last < len(cells) and cells[last][1] == 0:
        last += 1
    begin, stop = _window(cells, first, last)
    lead, tail = "…" if begin else "", "…" if stop < len(cells) else ""
    return Shown(
        text=lead + "".join(text for text, _ in cells[begin:stop]).rstrip() + tail,
        offset=len(lead) + sum(width for _, width in cells[begin:first]),
        width=max(1, sum(width for _, width in cells[first : min(last, stop)])),
    )


def _cells(line: str) -> list[tuple[str, int]]:
    """Return each character as it is printed, with its width in columns."""
    cells, column = [], 0
    for character in line:
        if character == "\t":
            text = " " * (TAB - column % TAB)
            width = len(text)
        else:
            text = visible(character)
            width = _width(text)
        cells.append((text, width))
        column += width
    return cells


def _width(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def _window(cells: list[tuple[str, int]], first: int, last: int) -> tuple[int, int]:
    """Choose what of a long line is shown, so that the place is in it."""
    if sum(width for _, width in cells) <= WIDEST:
        return 0, len(cells)
    begin, room = first, BEFORE
    while begin > 0 and cells[begin - 1][1] <= room:
        begin -= 1
        room -= cells[begin][1]
    while begin < first and cells[begin][1] == 0:
        begin += 1
    stop, room = begin, WIDEST
    while stop < len(cells) and cells[stop][1] <= room:
        room -= cells[stop][1]
        stop += 1
    return begin, max(stop, min(last, first + 1))
