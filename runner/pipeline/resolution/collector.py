"""Problems of many cells, gathered so that one wrong value is said once, with the cells it reaches."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.records.pipeline import Cell
    from runner.records.source import Mark, Problem


class Ledger:
    """Collect problems; the same code, place and message is the same problem."""

    def __init__(self) -> None:
        self.problems: dict[tuple[str, Mark | None, str], Problem] = {}
        self.cells: dict[tuple[str, Mark | None, str], dict[str, None]] = {}

    def add(self, problems: Iterable[Problem], cell: Cell) -> None:
        """Note problems that `cell` has."""
        for problem in problems:
            key = (problem.code, problem.mark, problem.message)
            self.problems.setdefault(key, problem)
            cells = self.cells.setdefault(key, {})
            if cell.values:
                cells[cell.id] = None

    def result(self) -> tuple[Problem, ...]:
        """Return every problem once."""
        return tuple(replace(problem, cells=tuple(self.cells[key])) for key, problem in self.problems.items())
