"""Rows in columns, as wide as the terminal, and many rows that say the same as one."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import TYPE_CHECKING, TypeVar

from runner.report.style import clean, paint
from runner.report.width import columns, cut, pad

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

    from runner.report.records import Style

Item = TypeVar("Item")

GAP = 2
_NUMERIC = frozenset("-$0123456789")
LEAST = 8
"""No column is made narrower than this, nor than its head."""
FOLDED_FROM = 5
"""As many cells of one matrix that say the same are one row."""


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]], style: Style) -> tuple[str, ...]:
    """Return the lines of a table, each cell made safe for a terminal and cut where the terminal is too narrow."""
    lines = aligned([head, *rows], style, head=True)
    return (paint(lines[0], "strong", on=style.color), *lines[1:])


def aligned(rows: Sequence[tuple[str, ...]], style: Style, *, head: bool = False, taken: int = 0) -> list[str]:
    """Return one line a row, the columns below each other; the last one is not padded, and an empty one without a head left out.

    `taken`: how many columns of the terminal are for what is printed before or after each line.
    """
    if not rows:
        return []
    cells = [tuple(map(clean, row)) for row in rows]
    if not head:
        used = [any(column) for column in zip(*cells, strict=True)]
        cells = [tuple(itertools.compress(row, used)) for row in cells]
    sizes = [_Sizes(column, head=head, first=number == 0) for number, column in enumerate(zip(*cells, strict=True))]
    room = None if style.width is None or style.wide else style.width - taken - GAP * (len(sizes) - 1)
    widths = _fitting(sizes, room)
    gap = " " * GAP
    return [gap.join(_laid(row, widths)).rstrip() for row in cells]


def _laid(row: tuple[str, ...], widths: list[int]) -> Iterator[str]:
    for text, width in zip(row, widths, strict=True):
        yield pad(cut(text, width), width)


class _Sizes:
    """How wide the cells of a column are, and what is lost where one is cut: most with the name of a row, much with a number."""

    def __init__(self, column: tuple[str, ...], *, head: bool, first: bool) -> None:
        self._counts = Counter(map(columns, column))
        self.most = max(self._counts)
        self.least = max(LEAST, columns(column[0])) if head else LEAST
        self._weight = 4 if first else 3 if any(text[:1] in _NUMERIC for text in column[head:] if text) else 1

    def loss(self, width: int) -> tuple[int, int]:
        """Return what is lost where a column of this width gets one less: the least of two is the better choice."""
        return (self._weight * sum(number for size, number in self._counts.items() if size >= width), -width)


def _fitting(sizes: list[_Sizes], room: int | None) -> list[int]:
    """Return a width for each column so that all fit into `room`, where that can be done, and little is lost."""
    widths = [column.most for column in sizes]
    for _ in range(0 if room is None else sum(widths) - room):
        able = [at for at, width in enumerate(widths) if width > sizes[at].least]
        if not able:
            break
        widths[min(able, key=lambda at: sizes[at].loss(widths[at]))] -= 1
    return widths


def folded(
    items: Iterable[Item], job: Callable[[Item], str], same: Callable[[Item], Hashable], *, style: Style
) -> Iterator[tuple[Item, ...]]:
    """Group cells of one matrix that follow each other and say the same, where they are many; all others stay alone."""
    key: Callable[[Item], Hashable] = lambda item: (job(item).partition("@")[0], same(item))  # noqa: E731 - a key
    for _, group in itertools.groupby(items, key):
        cells = tuple(group)
        if len(cells) >= FOLDED_FROM and not style.wide and not style.verbose:
            yield cells
        else:
            yield from ((cell,) for cell in cells)


def folded_name(jobs: Sequence[str]) -> str:
    """Return what stands for the cells of one row: the name of a single job, or `battle@… (12 cells)`."""
    return jobs[0] if len(jobs) == 1 else f"{jobs[0].partition('@')[0]}@… ({len(jobs):,} cells)"


def folded_text(texts: Sequence[str]) -> str:
    """Return one text, or what several begin with: `audio/battle@…`."""
    if len(texts) < 2:
        return "".join(texts)
    low, high = min(texts), max(texts)
    differs = (at for at, (one, other) in enumerate(zip(low, high, strict=False)) if one != other)
    return low[: next(differs, len(low))] + "…"
