"""One attempt to have a request made, from intent to end."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.records.exchange import Media, Reply
    from runner.records.lock import ProviderJobId, Take
    from runner.records.source import Json


class Phase(StrEnum):
    """Where one submission stands. The journal holds one row for each step."""

    PLANNED = "planned"
    INTENT = "intent"
    ANSWERED = "answered"
    ACCEPTED = "accepted"
    NOT_SENT = "not_sent"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    READY = "ready"
    FETCHED = "fetched"
    PLACED = "placed"
    DONE = "done"
    FAILED = "failed"
    STALLED = "stalled"
    LOST = "lost"
    EXPIRED = "expired"
    BAD_CONTENT = "bad_content"


ENDED_BADLY = frozenset({Phase.LOST, Phase.BAD_CONTENT, Phase.EXPIRED})
"""Phases of a paid submission that ended without its audio: the next run asks the vendor for it again, at no cost."""

OPEN = ENDED_BADLY | {
    Phase.ANSWERED,
    Phase.ACCEPTED,
    Phase.READY,
    Phase.FETCHED,
    Phase.PLACED,
    Phase.STALLED,
}
"""Phases of a paid submission that can go on at no cost."""

IN_DOUBT = frozenset({Phase.INTENT, Phase.UNKNOWN})
"""Phases in which a charge is possible and nothing proves it."""

UNPAID = frozenset({Phase.PLANNED, Phase.NOT_SENT, Phase.REJECTED})
"""Phases in which it is certain that nothing was charged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One journal row: at `at` (UTC, ISO 8601) the submission `attempt` of `job` reached `phase`."""

    at: str
    job: str
    attempt: str
    phase: Phase
    data: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One attempt to have one job made: its journal rows, folded."""

    job: str
    attempt: str | None
    """Its name in the journal; None while it is in no journal: not begun, or begun on another machine."""
    phase: Phase
    model: str
    params: Mapping[str, Json]
    fingerprint: str
    seed_param: str | None = None
    price_usd: str | None = None
    """What one submit of it costs, decimal text; None when unknown."""
    planned_at: str = ""
    submitted_at: str | None = None
    request_id: ProviderJobId | None = None
    poll_url: str | None = None
    answer: Reply | None = None
    """The raw answer, kept until its meaning is recorded."""
    media: tuple[Media, ...] = ()
    takes: tuple[Take, ...] = ()
    refreshes: int = 0
    """How often an expired link was asked for afresh."""
    message: str = ""
    charged: bool | None = None

    @property
    def short_attempt(self) -> str:
        """What people read and write for its attempt; `lock` where only the lock knows it."""
        return "lock" if self.attempt is None else self.attempt[:6]

    @property
    def is_hidden(self) -> bool:
        """Whether only the digest of its receipt is known: the provider's list has to be searched for it."""
        return self.request_id is not None and self.request_id.plain is None
