"""How one job of a run can end: a closed set, as data. The sentences are made in report/outcomes.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from runner.frozen import dataclass
from runner.records.ended import KEY_CODE, REFUSED_CODE, Ended
from runner.records.provider import ErrorGroup
from runner.records.result import Result

if TYPE_CHECKING:
    from decimal import Decimal

    from runner.records.reasons import PaymentUnknown, Reason

# ---------------------------------------------------------------- the output is in place


@dataclass(frozen=True, slots=True, kw_only=True)
class Reused(Ended):
    """There was nothing to do."""

    result = Result.REUSED


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored(Ended):
    """Audio that this machine already had is at its output again."""

    result = Result.RESTORED
    reason: Reason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mastered(Ended):
    """A take that was here already was finished, and the piece is at its output."""

    result = Result.MASTERED
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Made(Ended):
    """The takes are in the store, and the chosen one is at its output."""

    result = Result.MADE


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected(Ended):
    """The takes of a submission that the file no longer declares are in the store."""

    result = Result.MADE


# ---------------------------------------------------------------- not submitted


@dataclass(frozen=True, slots=True, kw_only=True)
class _Skipped(Ended):
    result = Result.SKIPPED


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedMissing(_Skipped):
    """A job that this one needs was not made."""

    need: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped(_Skipped):
    """The run was stopped before anything was submitted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedFast(_Skipped):
    """Another job failed, and --fail-fast was given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptUnwritten(_Skipped):
    """A receipt could not be written, so nothing more is submitted."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OverBudget(_Skipped):
    """The job may cost more than is left of the budget. Amounts are in USD; `worst` is None when it is unknown."""

    worst: Decimal | None
    left: Decimal
    limit: Decimal

    @property
    def exit_code(self) -> int:
        """Return the code of a run that its budget stopped."""
        return REFUSED_CODE


@dataclass(frozen=True, slots=True, kw_only=True)
class TooManyUnknown(_Skipped):
    """So many requests of this run to the provider may have been charged that no more are sent."""

    provider: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TooMuchBadContent(_Skipped):
    """So many pieces of this run from the provider cannot be played that no more requests are sent."""

    provider: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderClosed(_Skipped):
    """The provider accepts no more requests in this run."""

    cause: Rejected

    @property
    def exit_code(self) -> int:
        """Return the code of an empty account, or of its cause."""
        return REFUSED_CODE if self.cause.group is ErrorGroup.BALANCE else self.cause.exit_code


# ---------------------------------------------------------------- the provider did not execute it


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreachable(Ended):
    """No byte of any try left this machine."""

    provider: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected(Ended):
    """The provider proved that it did not execute the request."""

    provider: str
    group: ErrorGroup | None
    said: str
    advice: str | None
    """What the provider's file says to do about it."""
    key: str | None
    """The variable that holds the provider's key."""

    @property
    def exit_code(self) -> int:
        """Return the code of a rejected key, or of a failure."""
        return KEY_CODE if self.group is ErrorGroup.AUTH else self.result.exit_code


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedOut(Ended):
    """While a paid job is not finished, the provider no longer accepts the key, or has suspended the account."""

    provider: str
    suspended: bool
    said: str
    advice: str | None

    @property
    def exit_code(self) -> int:
        """Return the code of a rejected key, or of a failure."""
        return self.result.exit_code if self.suspended else KEY_CODE


@dataclass(frozen=True, slots=True, kw_only=True)
class NothingPaid(Ended):
    """The submission that was resumed was not charged, and the plan has no new one."""


# ---------------------------------------------------------------- payment status unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class MayBeCharged(Ended):
    """A request of this run may have been charged. `job` is the name under which a person settles it."""

    result = Result.UNKNOWN
    job: str
    provider: str
    why: str
    lists: bool
    """Whether the provider lists its jobs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held(Ended):
    """A request of an earlier run may have been charged."""

    result = Result.UNKNOWN
    reason: PaymentUnknown


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeUnanswered(Ended):
    """A request to a free model has no known outcome."""

    why: str


# ---------------------------------------------------------------- accepted, and without audio


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupted(Ended):
    """The run was stopped while a paid job was not finished."""

    result = Result.UNFINISHED


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptNotFound(Ended):
    """The lock has only the digest of a job id, and the id is not found in the provider's list."""

    job: str
    provider: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnotherRequest(Ended):
    """The provider's answer shows that the id that a person told is another request's."""

    job: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stalled(Ended):
    """A paid job is not finished at its deadline. `id` is the provider's, None where that is private."""

    id: str | None
    age_s: float
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkDead(Ended):
    """The link to the audio does not work, although new ones were requested."""

    id: str | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadFailed(Ended):
    """The download did not succeed this time."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderFailed(Ended):
    """The provider says that the job failed. `charged` is None when that is not known."""

    provider: str
    said: str
    charged: bool | None
    given_up_as: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswersOnce(Ended):
    """The audio is not on this machine, and its provider cannot send it again."""

    provider: str
    given_up_as: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost(Ended):
    """The provider no longer knows a paid job."""

    provider: str
    id: str | None
    given_up_as: str | None
    """The name under which a person can abandon it, where no job of the file needs it any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BadContent(Ended):
    """What was downloaded cannot be played."""

    why: str
    given_up_as: str | None


# ---------------------------------------------------------------- stopped on this machine


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked(Ended):
    """The plan needs a decision by a person first."""

    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class NotInStore(Ended):
    """With --frozen: neither the output nor the store has the audio."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotMastered(Ended):
    """The take is in the store, and it could not be finished as the file says. `made`: this run made the take."""

    made: bool
    why: str
    advice: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken(Ended):
    """Something on this machine failed, such as the disk."""

    why: str
    advice: str | None
    disk_full: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unexpected(Ended):
    """A bug. `kind` is the class of the error."""

    kind: str
    why: str


Done: TypeAlias = Reused | Restored | Mastered | Made | Collected
_Limited: TypeAlias = OverBudget | TooManyUnknown | TooMuchBadContent | ProviderClosed
Skipped: TypeAlias = NeedMissing | Stopped | FailedFast | ReceiptUnwritten | _Limited
Refused: TypeAlias = Unreachable | Rejected | LockedOut | NothingPaid
Unknown: TypeAlias = MayBeCharged | Held | FreeUnanswered
Unfinished: TypeAlias = Interrupted | ReceiptNotFound | AnotherRequest | Stalled | LinkDead | DownloadFailed
Over: TypeAlias = ProviderFailed | AnswersOnce | Lost | BadContent
InTheWay: TypeAlias = Blocked | NotInStore | NotMastered | Broken | Unexpected
Ending: TypeAlias = Done | Skipped | Refused | Unknown | Unfinished | Over | InTheWay
