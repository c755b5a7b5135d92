"""The places of a document, as three numbers each: a Mark is made when somebody asks for it, and hardly anybody does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

from runner.records.source import DocPath, Mark

if TYPE_CHECKING:
    from collections.abc import Iterator

Place: TypeAlias = tuple[int, int, int | None]
"""Line, column and end of a Mark."""


class Marks(Mapping[DocPath, Mark]):
    """The marks of one file by path; `places` may grow while the file is read."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.places: dict[DocPath, Place] = {}

    def __getitem__(self, path: DocPath) -> Mark:
        line, column, end_column = self.places[path]
        return Mark(file=self.file, line=line, column=column, end_column=end_column)

    def __contains__(self, path: object) -> bool:
        return path in self.places

    def __iter__(self) -> Iterator[DocPath]:
        return iter(self.places)

    def __len__(self) -> int:
        return len(self.places)
