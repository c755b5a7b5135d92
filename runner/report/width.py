"""Text as a terminal shows it: how wide each character is, where a place in a line begins, and what fits."""

from __future__ import annotations

import itertools
import textwrap
import unicodedata

from runner.frozen import dataclass
from runner.report.style import visible

TAB = 4
WIDEST = 100
"""A longer line is cut around the place, in terminal columns, where no terminal says how wide it is."""
BEFORE = 40
"""How much of a cut line is shown before the place."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A line made printable, and the underline below it: `offset` blanks, then `width` carets."""

    text: str
    offset: int
    width: int


def columns(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    return len(text) if text.isascii() else sum(map(_width, text))


def pad(text: str, width: int) -> str:
    """Fill a text up with blanks to this many columns."""
    return text + " " * (width - columns(text))


def cut(text: str, width: int) -> str:
    """Return a text that takes at most this many columns: a longer one ends in `…`, after a whole word where it has several."""
    if columns(text) <= width:
        return text
    taken = list(itertools.takewhile(lambda sum_: sum_ < width, itertools.accumulate(map(_width, text))))
    kept = text[: len(taken)]
    words = kept.rpartition(" ")[0].rstrip() if text[len(taken)] != " " else kept.rstrip()
    return (words if columns(words) >= width // 2 else kept).rstrip("…") + "…"


def wrapped(text: str, width: int | None) -> str:
    """Return a sentence on lines of at most this many columns, none of them broken inside a word."""
    if width is None or columns(text) <= width:
        return text
    return textwrap.fill(text, width, break_long_words=False, break_on_hyphens=False)


def show_line(line: str, start: int, end: int | None, *, widest: int = WIDEST) -> Shown:
    """Lay out a line with the characters `start` to `end` (from 1, exclusive) to be underlined; cut it to `widest` columns."""
    cells = _cells(line)
    first = min(start - 1, len(cells))
    last = min(max(end - 1 if end else first + 1, first + 1), max(len(cells), first + 1))
    while end is None and last < len(cells) and cells[last][1] == 0:
        last += 1
    begin, stop = _window(cells, first, last, widest)
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


def _window(cells: list[tuple[str, int]], first: int, last: int, widest: int) -> tuple[int, int]:
    """Choose what of a long line is shown, so that the place is in it."""
    if sum(width for _, width in cells) <= widest:
        return 0, len(cells)
    begin, room = first, min(BEFORE, widest // 2)
    while begin > 0 and cells[begin - 1][1] <= room:
        begin -= 1
        room -= cells[begin][1]
    while begin < first and cells[begin][1] == 0:
        begin += 1
    stop, room = begin, widest
    while stop < len(cells) and cells[stop][1] <= room:
        room -= cells[stop][1]
        stop += 1
    return begin, max(stop, min(last, first + 1))
