"""Collect the problems of many cells, so that one wrong value is reported once, with its cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.frozen import replace

if TYPE_CHECKING:
    from runner.records.source import Mark, Problem


class Collector:
    """Collect problems; those with the same code, place and subject are one, with the first message."""

    def __init__(self) -> None:
        self._problems: dict[tuple[str, Mark | None, str], Problem] = {}
        self._cells: dict[tuple[str, Mark | None, str], dict[str, None]] = {}

    def add(self, problem: Problem, cell: str | None, *, subject: str | None = None) -> None:
        """Note a problem that the cell with this id has, None where there is no matrix; the subject is its message."""
        key = (problem.code, problem.mark, problem.message if subject is None else subject)
        self._problems.setdefault(key, problem)
        cells = self._cells.setdefault(key, {})
        if cell is not None:
            cells[cell] = None

    def result(self) -> tuple[Problem, ...]:
        """Return every problem once, with the ids of its cells."""
        return tuple(replace(problem, cells=tuple(self._cells[key])) for key, problem in self._problems.items())
