"""One attempt to have a request made, from intent to end."""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, TypeAlias, assert_never

from runner.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from runner.records.exchange import Media, Reply
    from runner.records.lock import ProviderJobId, Take
    from runner.records.source import Json


class Paid(StrEnum):
    """Whether a submission was charged."""

    NO = "no"
    YES = "yes"
    UNKNOWN = "unknown"


class NextRun(StrEnum):
    """What the next run does about a submission that an earlier run left."""

    START = "start"  # it is proven to have ended: a new submission may be made and charged
    RESUME = "resume"  # it continues at no cost
    FETCH_AGAIN = "fetch again"  # it ended without its audio: its provider is polled once more, at no cost
    HOLD = "hold"  # it may have been charged: a person decides
    NOTHING = "nothing"  # its takes are in the lock


class Remote(StrEnum):
    """What the provider may be doing about a submission."""

    NOTHING = "nothing"
    RUNNING = "running"
    FINISHED = "finished"


class Phase(StrEnum):
    """The state of one submission. The journal has one row for each step."""

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

    @property
    def paid(self) -> Paid:
        """Return whether a submission in this phase was charged; of FAILED ones `Submission.charged` may know more."""
        match self:
            case Phase.PLANNED | Phase.NOT_SENT | Phase.REJECTED:
                return Paid.NO
            case Phase.INTENT | Phase.ANSWERED | Phase.UNKNOWN | Phase.FAILED:
                return Paid.UNKNOWN
            case Phase.ACCEPTED | Phase.READY | Phase.FETCHED | Phase.PLACED | Phase.DONE | Phase.STALLED:
                return Paid.YES
            case Phase.LOST | Phase.EXPIRED | Phase.BAD_CONTENT:
                return Paid.YES
        assert_never(self)

    @property
    def next_run(self) -> NextRun:
        """Return what the next run does about a submission in this phase."""
        match self:
            case Phase.PLANNED | Phase.NOT_SENT | Phase.REJECTED | Phase.FAILED:
                return NextRun.START
            case Phase.INTENT | Phase.UNKNOWN:
                return NextRun.HOLD
            case Phase.ANSWERED | Phase.ACCEPTED | Phase.READY | Phase.FETCHED | Phase.PLACED | Phase.STALLED:
                return NextRun.RESUME
            case Phase.LOST | Phase.EXPIRED | Phase.BAD_CONTENT:
                return NextRun.FETCH_AGAIN
            case Phase.DONE:
                return NextRun.NOTHING
        assert_never(self)

    @property
    def guards_money(self) -> bool:
        """Whether its row has to be on disk, safe from a power failure, before anything follows from it.

        The loss of any other row only repeats what is free: a poll, a download, a copy.
        """
        match self:
            case Phase.INTENT | Phase.ANSWERED | Phase.ACCEPTED | Phase.UNKNOWN:
                return True
            case Phase.PLANNED | Phase.NOT_SENT | Phase.REJECTED | Phase.FAILED | Phase.STALLED | Phase.LOST:
                return False
            case Phase.READY | Phase.FETCHED | Phase.PLACED | Phase.DONE | Phase.EXPIRED | Phase.BAD_CONTENT:
                return False
        assert_never(self)

    @property
    def remote(self) -> Remote:
        """Return what the provider may be doing about a submission in this phase."""
        match self:
            case Phase.PLANNED | Phase.NOT_SENT | Phase.REJECTED | Phase.INTENT | Phase.ANSWERED | Phase.UNKNOWN:
                return Remote.NOTHING
            case Phase.ACCEPTED | Phase.STALLED | Phase.EXPIRED:
                return Remote.RUNNING
            case Phase.READY | Phase.FETCHED | Phase.PLACED:
                return Remote.FINISHED
            case Phase.DONE | Phase.FAILED | Phase.LOST | Phase.BAD_CONTENT:
                return Remote.NOTHING
        assert_never(self)


OPEN = frozenset(phase for phase in Phase if phase.next_run in {NextRun.RESUME, NextRun.FETCH_AGAIN})
"""Phases of a paid submission that can continue at no cost."""

ENDED_BADLY = frozenset(phase for phase in Phase if phase.next_run is NextRun.FETCH_AGAIN)
"""Phases of a paid submission that ended without its audio."""

PAYMENT_UNKNOWN = frozenset(phase for phase in Phase if phase.next_run is NextRun.HOLD)
"""Phases in which a charge is possible and nothing proves it."""

UNSETTLED = OPEN | PAYMENT_UNKNOWN
"""Phases of a submission that may be paid and that needs a resume or a decision."""

UNPAID = frozenset(phase for phase in Phase if phase.paid is Paid.NO)
"""Phases in which it is certain that nothing was charged."""

FINISHED = frozenset(phase for phase in Phase if phase.remote is Remote.FINISHED)
"""Phases in which the provider has the audio, and the output is not yet in place."""

CANCELLABLE = frozenset(phase for phase in Phase if phase.remote is Remote.RUNNING)
"""Phases in which the provider may still be at work on the job."""

A_PERSON = "a person"
"""What a journal row says in `via` when a person asked for it."""

THE_LOCK = "the lock"
"""What a journal row says in `via` when it was copied from a lock that another machine wrote."""

Decision: TypeAlias = Literal["id", "not-charged", "resubmit"]
"""What a person can say of a submission whose payment status is unknown."""


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
    attempt: str
    """Its name in journal and lock; empty before it is planned."""
    phase: Phase
    model: str
    params: Mapping[str, Json]
    fingerprint: str
    seed_param: str | None = None
    price_usd: str | None = None
    """What one submission of it costs, decimal text; None when unknown."""
    planned_at: str = ""
    submitted_at: str | None = None
    request_id: ProviderJobId | None = None
    is_told: bool = False
    """Whether a person told this id, and no digest proves that it is the right one: another may replace it."""
    poll_url: str | None = None
    answer: Reply | None = None
    """The raw answer, kept until its meaning is recorded."""
    media: tuple[Media, ...] = ()
    takes: tuple[Take, ...] = ()
    refreshes: int = 0
    """How often a new link was requested in place of an expired one."""
    message: str = ""
    charged: bool | None = None
    sent: bool = False
    """Whether it may have reached a provider: a result that was made here never was."""
    private: bool | None = False
    """Whether its id holds personal data, so that only the digest may enter the lock; None: nobody wrote it down."""
    told: int = 0
    """How often a person named the id."""
    earlier_ids: frozenset[ProviderJobId] = frozenset()
    """The ids that a later word of a person replaced."""
    roll: int = 0
    roll_of: str | None = None
    """As of an Entry."""

    @property
    def short_attempt(self) -> str:
        """The short name of its attempt that people read and type."""
        return self.attempt[:6]

    @property
    def is_hidden(self) -> bool:
        """Whether only the digest of its job id is known: the provider's list has to be searched for the id."""
        return self.request_id is not None and self.request_id.plain is None


def timestamp(moment: datetime) -> str:
    """Return a moment in UTC as journal and lock write it: `2026-11-21T12:00:00Z`."""
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
