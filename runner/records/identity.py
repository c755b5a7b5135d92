"""What is known of one audio file: which job it is of, and what it says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from runner.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.records.lock import Entry, Take

Known: TypeAlias = Literal["output", "take", "tag"]
"""By what a file was found: its bytes are at an output, its bytes are a take, or its tags name a take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An entry of the lock that a file belongs to. `number` counts the takes of its job."""

    by: Known
    entry: Entry
    take: Take
    number: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """One audio file, by its hash and by its tags."""

    file: str
    sha256: str
    tags: Mapping[str, str]
    found: tuple[Found, ...]
