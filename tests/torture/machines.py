"""The nouns of a history of checkouts: machines, commits, charges, runs, and what must not be."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

Finding: TypeAlias = Literal["charged twice", "forgotten", "lost", "wrong file", "locked out"]
NOT_MADE = "so it cannot be rerolled"
"""What is said of a job that has no take yet when another one is asked for."""
STEMS = ("trial", "album")
"""What the pipeline's file may be called."""


class Broken(AssertionError):
    """What must hold does not."""

    def __init__(self, finding: Finding, text: str) -> None:
        super().__init__(f"{finding}: {text}")
        self.finding = finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """One charge in the provider's ledger. A charge that the provider took back by saying `failed` is not living."""

    id: str
    prompt: str
    living: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """How a run is to go. `kill_at`, `stop_at` and `pull_at` count what it writes into its journal, from 1."""

    names: tuple[str, ...] = ()
    force: bool = False
    reroll: bool = False
    profile: str = ""
    shard: tuple[int, int] | None = None
    kill_at: int = 0
    late: bool = False
    """Whether a submission that is on its way at the kill is charged."""
    stop_at: int = 0
    pull_at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a run ended: job → result, nothing after a kill or a refusal. `broke` says why no verb works any more."""

    results: Mapping[str, str] = field(default_factory=dict)
    wrote: bool = True
    """Whether it opened lock and journal for writing, and so joined them."""
    killed: bool = False
    refused: str = ""
    broke: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Commit:
    """What a commit holds: the file, its name, and the lock, with the charges that the lock has heard of."""

    stem: str
    jobs: Mapping[str, str]
    knows: frozenset[str]
    lock: str | None
    parents: tuple[Commit, ...] = ()

    def ancestors(self) -> set[Commit]:
        """Return this commit and all before it."""
        found, waiting = {self}, [self]
        while waiting:
            new = set(waiting.pop().parents) - found
            found |= new
            waiting.extend(new)
        return found


@dataclass(slots=True, kw_only=True, eq=False)
class Machine:
    """One checkout, and what its lock and its journal have heard of."""

    folder: Path
    head: Commit
    stem: str = STEMS[0]
    jobs: dict[str, str] = field(default_factory=dict)
    """Job → the piece it asks for."""
    lock_knows: frozenset[str] = frozenset()
    journals: dict[str, frozenset[str]] = field(default_factory=dict)
    """Stem → what the journal of that name has heard of."""

    @property
    def journal_knows(self) -> frozenset[str]:
        """Every charge that any of its journals has heard of."""
        return frozenset[str]().union(*self.journals.values())

    @property
    def knows(self) -> frozenset[str]:
        """Every charge that this machine has heard of."""
        return self.lock_knows | self.journal_knows

    def hear(self, charges: Iterable[str]) -> None:
        """Note charges in the journal of the pipeline as it is called now."""
        self.journals[self.stem] = self.journals.get(self.stem, frozenset()) | set(charges)

    def know_all(self) -> None:
        """Note that lock and journal were joined, both ways."""
        self.hear(self.lock_knows)
        self.lock_knows = self.journals[self.stem]

    @property
    def lock(self) -> Path:
        """Where the lock is."""
        return self.folder / f"{self.stem}.lock"

    def lock_text(self) -> str | None:
        """Return the lock's text."""
        return self.lock.read_text(encoding="utf-8") if self.lock.exists() else None


def remove(folder: Path) -> None:
    """Delete a folder with all in it."""
    shutil.rmtree(folder, ignore_errors=True)
