"""Problems of many cells, gathered so that one wrong value is reported once, with the cells it reaches."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runner.records.source import Mark, Problem


class Collector:
    """Collect problems; the same code, place and subject is the same problem, in the words of the first."""

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
