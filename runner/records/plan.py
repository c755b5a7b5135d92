"""What a run would do, why, and what it costs."""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, assert_never

from runner.frozen import dataclass
from runner.records.reasons import Changed, Offline

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from runner.records.family import NumberedTake
    from runner.records.lock import Entry
    from runner.records.reasons import Change, Reason
    from runner.records.request import Request
    from runner.records.submission import Submission


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What an action may cost in USD: `low` when all goes well, `worst` with every allowed resubmission; None = unknown."""

    low: Decimal | None
    worst: Decimal | None
    how: str = ""
    """How the sum is computed: `1 request × $0.08`."""
    source: str = ""
    date: str = ""


class Verb(StrEnum):
    """What a run does for one request."""

    GENERATE = "generate"
    REGENERATE = "regenerate"
    RESUME = "resume"
    RESTORE = "restore"
    MASTER = "master"
    REUSE = "reuse"
    BLOCKED = "blocked"

    @property
    def makes(self) -> bool:
        """Whether a new submission is made, which may be paid for."""
        match self:
            case Verb.GENERATE | Verb.REGENERATE:
                return True
            case Verb.RESUME | Verb.RESTORE | Verb.MASTER | Verb.REUSE | Verb.BLOCKED:
                return False
        assert_never(self)

    @property
    def asks(self) -> bool:
        """Whether a provider, or a model that runs here, is needed for it."""
        match self:
            case Verb.GENERATE | Verb.REGENERATE | Verb.RESUME:
                return True
            case Verb.RESTORE | Verb.MASTER | Verb.REUSE | Verb.BLOCKED:
                return False
        assert_never(self)

    @property
    def changes(self) -> bool:
        """Whether it does more than keep or restore existing audio."""
        match self:
            case Verb.GENERATE | Verb.REGENERATE | Verb.RESUME | Verb.MASTER | Verb.BLOCKED:
                return True
            case Verb.RESTORE | Verb.REUSE:
                return False
        assert_never(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What to do for one request, and why."""

    request: Request
    verb: Verb
    reason: Reason
    cost: Cost
    entry: Entry | None = None
    """The entry of the lock that this action builds on; it belongs to another job until a run gives it to this one."""
    chosen: NumberedTake | None = None
    """The take that belongs at the output, a take of that entry; None where a submission has to end first."""
    replaces: str | None = None
    """The profile whose output it replaces, where that is another than the profile of this run."""
    submission: Submission | None = None
    """The earlier submission that this action resumes, abandons for a new one, or that blocks it."""

    @property
    def changes(self) -> tuple[Change, ...]:
        """Return the fields that changed, where that is the reason."""
        reason = self.reason.wanted if isinstance(self.reason, Offline) else self.reason
        return reason.changes if isinstance(reason, Changed) else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All actions in the order of the file, with their sums."""

    actions: tuple[Action, ...]
    low: Decimal | None
    worst: Decimal | None
    collect: tuple[Action, ...] = ()
    """Paid submissions that no job of the file needs any more: their takes go to the store and to no output."""
    orphans: tuple[str, ...] = ()
    """Jobs that have results in the lock and are not in the file any more."""
    owners: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Attempt → the job of the file that has it now, where it was made under another name; of jobs that no action is
    about, too."""
