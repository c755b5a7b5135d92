"""What git leaves in a file that two branches changed in the same place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from runner.records.source import Mark, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

MARKER: Final = re.compile(r"^(?:(<{7}|\|{7}|>{7})(?: .*)?|={7})$", re.MULTILINE)
"""A line of a conflict. `=======` alone is one, too: it is what a conflict leaves whose other markers were deleted."""


def conflict_markers(source: str, file: str) -> tuple[Problem, ...]:
    """Return a problem for each merge conflict in a text, and for each marker outside of one."""
    return tuple(
        Problem(
            code="SF111",
            message=message,
            mark=Mark(file=file, line=source.count("\n", 0, start) + 1, column=1, end_column=end - start + 1),
            help="keep what you want of both sides, and delete the lines that start with <<<<<<<, |||||||, ======= and >>>>>>>",
        )
        for start, end, message in _found(source)
    )


def _found(source: str) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, message) of each first marker: those within a conflict belong to it."""
    is_within = False
    for found in MARKER.finditer(source):
        opens, closes = found[0].startswith("<"), found[0].startswith(">")
        if opens:
            yield found.start(), found.end(), "a merge conflict starts here"
        elif not is_within:
            yield found.start(), found.end(), "this line is the marker of a merge conflict"
        is_within = opens or (is_within and not closes)
