"""Where in a text a warning stands: in the line of the text file that holds it, else at the value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.records.source import Mark, Problem, Step

if TYPE_CHECKING:
    from runner.records.request import Request


def warning(
    request: Request, param: str, code: str, message: str, remedy: str, *, start: int = 0, end: int | None = None
) -> Problem:
    """Return a warning about the characters from `start` to `end` of a text parameter."""
    origin = request.origins.get(param)
    steps = origin.steps if origin else ()
    mark = (origin.mark if origin else None) or request.mark
    value = request.params.get(param)
    if origin is not None and origin.file is not None and isinstance(value, str):
        steps = (*steps, Step(text=origin.source or "", mark=origin.mark))
        line = value.rfind("\n", 0, start) + 1
        is_one_line = end is not None and "\n" not in value[start:end]
        mark = Mark(
            file=origin.file,
            line=value.count("\n", 0, start) + 1,
            column=start - line + 1,
            end_column=end - line + 1 if end is not None and is_one_line else None,
        )
    path = ("jobs", request.group, param)
    return Problem(code=code, message=message, mark=mark, path=path, help=remedy, severity="warning", origin=steps)
