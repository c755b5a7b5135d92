"""What people approved: a person's word about one take, and the word that withdraws it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from runner.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A person's word about the take with this hash: an approval, or with `withdraws` the end of earlier ones.

    None is ever taken out, so two copies of a lock are joined by having all of both.
    """

    sha256: str
    by: str
    at: str
    """UTC, ISO 8601."""
    note: str = ""
    withdraws: frozenset[str] = frozenset()
    """The names of the approvals that no longer count."""

    @property
    def name(self) -> str:
        """Return what tells it from every other one."""
        return name_of(self.sha256, self.by, self.at, self.note, *sorted(self.withdraws))


def name_of(*fields: str) -> str:
    """Return the name of what a person said, by all that it says."""
    return hashlib.sha256("\0".join(fields).encode()).hexdigest()[:16]


def in_force(words: Iterable[Approval]) -> tuple[Approval, ...]:
    """Return the approvals that nobody withdrew, the last one first."""
    known = tuple(words)
    withdrawn = frozenset[str]().union(*(word.withdraws for word in known))
    held = (word for word in known if not word.withdraws and word.name not in withdrawn)
    return tuple(sorted(held, key=lambda word: (word.at, word.name), reverse=True))
