"""Which take a job asks for: a number, or a template that yields one in each cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from runner.diagnostics.messages import show
from runner.records.source import Problem

if TYPE_CHECKING:
    from runner.pipeline.templates.render import Renderer
    from runner.pipeline.templates.scope import Scope

MOST: Final = 100


def read_take(renderer: Renderer, scope: Scope) -> tuple[int, list[Problem]]:
    """Return the number of the take of a cell, counted from 1, and what is wrong with it."""
    leaf = scope.cell.job.take
    if leaf is None:
        return 1, []
    bound = renderer.evaluate(leaf, scope)
    value = bound.value
    if bound.broken:
        return 1, list(bound.problems)
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST:
        return value, []
    is_number = isinstance(value, str) and value.isdecimal()
    remedy = "write {{ … | int }} to make it a whole number" if leaf.texts else f"write {value} without quotes"
    problem = Problem(
        code="SF410",
        message=f"take is {show(value)}, not a number of a take",
        mark=bound.mark or scope.cell.job.mark,
        path=leaf.path,
        allowed=f"1 to {MOST}",
        help=remedy if is_number else "write a whole number from 1",
        origin=bound.chain(),
    )
    return 1, [problem]
