"""How people rate takes: stars, a note, or both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.frozen import dataclass
from runner.records.approval import name_of

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_STARS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """What a person thinks of the take with this hash; without stars and note, that an earlier rating is withdrawn.

    It names the ratings that it replaced, which are those of its own that the person knew of: what the same person wrote
    on another branch meanwhile is kept beside it.
    """

    sha256: str
    by: str
    at: str
    """UTC, ISO 8601."""
    stars: int | None = None
    """1 to 5."""
    note: str = ""
    replaces: frozenset[str] = frozenset()
    """The names of all ratings before it."""

    @property
    def name(self) -> str:
        """Return what tells it from every other one."""
        return name_of(self.sha256, self.by, self.at, str(self.stars or ""), self.note, *sorted(self.replaces))

    @property
    def is_withdrawal(self) -> bool:
        """Whether it says nothing but that earlier ones no longer count."""
        return self.stars is None and not self.note


def mean_stars(ratings: Iterable[Rating]) -> float | None:
    """Return the mean of the stars that were given, to a tenth; None where nobody gave any."""
    stars = [item.stars for item in ratings if item.stars is not None]
    return round(sum(stars) / len(stars), 1) if stars else None
