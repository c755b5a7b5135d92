"""The one order in which problems are shown: from the top of the file to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.records.source import Problem


def by_place(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Sort by file, line, column and code; problems without a place, those of the command line, come first."""
    return tuple(sorted(problems, key=_place))


def _place(problem: Problem) -> tuple[str, int, int, str, str]:
    mark = problem.mark
    place = (mark.file, mark.line, mark.column) if mark else ("", 0, 0)
    return (*place, problem.code, problem.message)
