"""Places in files, and the problems found there."""

from __future__ import annotations

from dataclasses import field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from runner.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

Json: TypeAlias = Any
"""A JSON value: None, bool, int, float, str, list or dict of the same."""

DocPath: TypeAlias = "tuple[str | int, ...]"
"""A place inside a document: ('jobs', 'title', 'params', 'bpm')."""

Severity: TypeAlias = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A place in a text file; line and columns count characters from 1, `end_column` is exclusive on the same line."""

    file: str
    line: int
    column: int
    end_column: int | None = None

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where the values of a document are, and where their keys are."""

    marks: Mapping[DocPath, Mark] = field(default_factory=lambda: MappingProxyType({}))
    key_marks: Mapping[DocPath, Mark] = field(default_factory=lambda: MappingProxyType({}))

    def nearest(self, path: DocPath) -> Mark | None:
        """Return the place of a value, or of the nearest thing around it that has one."""
        while path and path not in self.marks:
            path = path[:-1]
        return self.marks.get(path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One link of an origin chain: `base_bpm = 160` at `night.yaml:3:18`."""

    text: str
    mark: Mark | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong with the user's files, with its place, the allowed values, and the remedy."""

    code: str
    message: str
    mark: Mark | None = None
    path: DocPath = ()
    allowed: str | None = None
    help: str | None = None
    severity: Severity = "error"
    origin: tuple[Step, ...] = ()
    cells: tuple[str, ...] = ()
    """Ids of the matrix cells this one value reaches, when there are several."""
