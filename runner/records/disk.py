"""What is in the folder of a project's state that no lock needs: its kinds, and how much room it takes."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from runner.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable


class Unneeded(StrEnum):
    """Why a file is kept for nobody. The value is its name in JSON."""

    FREE = "free"
    FINISHED = "finished"
    ANSWER = "answer"
    PICTURE = "picture"
    REHEARSAL = "rehearsal"
    QUARANTINE = "quarantine"
    PART = "part"
    PAID = "paid"
    UNKNOWN = "unknown"

    @property
    def needs_word(self) -> bool:
        """Whether it may have been paid for, so that only a word of its own drops it."""
        return self in (Unneeded.PAID, Unneeded.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A number of files and the bytes that they hold."""

    files: int = 0
    bytes: int = 0

    @classmethod
    def of(cls, sizes: Iterable[int]) -> Room:
        """Return the room that files of these sizes take."""
        held = tuple(sizes)
        return cls(files=len(held), bytes=sum(held))


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidTake:
    """A take that may have been paid for, in the store, and named by no lock."""

    sha256: str
    bytes: int
    job: str
    model: str
    seconds: float
    price_usd: str | None
    """What its submission cost, decimal text; None when unknown."""
