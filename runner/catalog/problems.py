"""Say what is wrong with a model file or a provider file, in codes that stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.records.source import Mark, Problem

if TYPE_CHECKING:
    from runner.records.source import DocPath


def problem(code: str, message: str, file: str, path: DocPath = (), help: str | None = None) -> Problem:
    """Build a Problem of the catalogue; JSON keeps no places, so the mark is the head of the file."""
    return Problem(code=code, message=message, mark=Mark(file=file, line=1, column=1), path=path, help=help)
