"""Rows in columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.report.style import clean, paint

if TYPE_CHECKING:
    from collections.abc import Iterable


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]], *, color: bool) -> tuple[str, ...]:
    """Return the lines of a table, each cell made safe for a terminal; the last column is not padded."""
    lines = [head, *(tuple(map(clean, cells)) for cells in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    laid = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(line[:-1], widths, strict=False)), line[-1]]).rstrip()
        for line in lines
    ]
    return (paint(laid[0], "strong", on=color), *laid[1:])
