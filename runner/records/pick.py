"""What a person chose: which take of a job is to be at its output."""

from __future__ import annotations

from runner.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """A take that a person chose for a job, or without a hash that none is to be chosen.

    It names the choices that it replaced, so that of two copies the later choice is told from two that differ: a person
    who did not know of the other one has not replaced it.
    """

    sha256: str | None
    revision: int
    replaces: frozenset[str] = frozenset()
    """The names of all choices before it."""

    @property
    def name(self) -> str:
        """Return what tells it from every other choice."""
        return f"{self.revision}-{(self.sha256 or 'none')[:16]}"
