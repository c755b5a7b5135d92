"""How one job of a run can end: a closed set, as data. The sentences are made in report/outcomes.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from runner.records.ended import KEY_CODE, REFUSED_CODE, Ended
from runner.records.provider import ErrorGroup
from runner.records.result import Result

if TYPE_CHECKING:
    from decimal import Decimal

    from runner.records.reasons import PaymentUnknown, Reason

# ---------------------------------------------------------------- the output is in place


class Reused(Ended, frozen=True, kw_only=True):
    """There was nothing to do."""

    result = Result.REUSED


class Restored(Ended, frozen=True, kw_only=True):
    """Audio that this machine already had is at its output again."""

    result = Result.RESTORED
    reason: Reason | None = None


class Mastered(Ended, frozen=True, kw_only=True):
    """A take that was here already was finished, and the piece is at its output."""

    result = Result.MASTERED
    reason: Reason


class Made(Ended, frozen=True, kw_only=True):
    """The takes are in the store, and the chosen one is at its output."""

    result = Result.MADE


class Collected(Ended, frozen=True, kw_only=True):
    """The takes of a submission that the file no longer declares are in the store."""

    result = Result.MADE


# ---------------------------------------------------------------- not submitted


class _Skipped(Ended, frozen=True, kw_only=True):
    result = Result.SKIPPED


class NeedMissing(_Skipped, frozen=True, kw_only=True):
    """A job that this one needs was not made."""

    need: str


class Stopped(_Skipped, frozen=True, kw_only=True):
    """The run was stopped before anything was submitted."""


class FailedFast(_Skipped, frozen=True, kw_only=True):
    """Another job failed, and --fail-fast was given."""


class ReceiptUnwritten(_Skipped, frozen=True, kw_only=True):
    """A receipt could not be written, so nothing more is submitted."""

    why: str


class OverBudget(_Skipped, frozen=True, kw_only=True):
    """The job may cost more than is left of the budget. Amounts are in USD; `worst` is None when it is unknown."""

    worst: Decimal | None
    left: Decimal
    limit: Decimal

    @property
    def exit_code(self) -> int:
        """Return the code of a run that its budget stopped."""
        return REFUSED_CODE


class TooManyUnknown(_Skipped, frozen=True, kw_only=True):
    """So many requests of this run to the provider may have been charged that no more are sent."""

    provider: str
    count: int


class TooMuchBadContent(_Skipped, frozen=True, kw_only=True):
    """So many pieces of this run from the provider cannot be played that no more requests are sent."""

    provider: str
    count: int


class ProviderClosed(_Skipped, frozen=True, kw_only=True):
    """The provider accepts no more requests in this run."""

    cause: Rejected

    @property
    def exit_code(self) -> int:
        """Return the code of an empty account, or of its cause."""
        return REFUSED_CODE if self.cause.group is ErrorGroup.BALANCE else self.cause.exit_code


# ---------------------------------------------------------------- the provider did not execute it


class Unreachable(Ended, frozen=True, kw_only=True):
    """No byte of any try left this machine."""

    provider: str
    why: str


class Rejected(Ended, frozen=True, kw_only=True):
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


class LockedOut(Ended, frozen=True, kw_only=True):
    """While a paid job is not finished, the provider no longer accepts the key, or has suspended the account."""

    provider: str
    suspended: bool
    said: str
    advice: str | None

    @property
    def exit_code(self) -> int:
        """Return the code of a rejected key, or of a failure."""
        return self.result.exit_code if self.suspended else KEY_CODE


class NothingPaid(Ended, frozen=True, kw_only=True):
    """The submission that was resumed was not charged, and the plan has no new one."""


# ---------------------------------------------------------------- payment status unknown


class MayBeCharged(Ended, frozen=True, kw_only=True):
    """A request of this run may have been charged. `job` is the name under which a person settles it."""

    result = Result.UNKNOWN
    job: str
    provider: str
    why: str
    lists: bool
    """Whether the provider lists its jobs."""


class Held(Ended, frozen=True, kw_only=True):
    """A request of an earlier run may have been charged."""

    result = Result.UNKNOWN
    reason: PaymentUnknown


class FreeUnanswered(Ended, frozen=True, kw_only=True):
    """A request to a free model has no known outcome."""

    why: str


# ---------------------------------------------------------------- accepted, and without audio


class Interrupted(Ended, frozen=True, kw_only=True):
    """The run was stopped while a paid job was not finished."""

    result = Result.UNFINISHED


class ReceiptNotFound(Ended, frozen=True, kw_only=True):
    """The lock has only the digest of a job id, and the id is not found in the provider's list."""

    job: str
    provider: str
    why: str


class AnotherRequest(Ended, frozen=True, kw_only=True):
    """The provider's answer shows that the id that a person told is another request's."""

    job: str
    why: str


class Stalled(Ended, frozen=True, kw_only=True):
    """A paid job is not finished at its deadline. `id` is the provider's, None where that is private."""

    id: str | None
    age_s: float
    said: str


class LinkDead(Ended, frozen=True, kw_only=True):
    """The link to the audio does not work, although new ones were requested."""

    id: str | None
    why: str


class DownloadFailed(Ended, frozen=True, kw_only=True):
    """The download did not succeed this time."""

    why: str


class ProviderFailed(Ended, frozen=True, kw_only=True):
    """The provider says that the job failed. `charged` is None when that is not known."""

    provider: str
    said: str
    charged: bool | None
    given_up_as: str | None


class AnswersOnce(Ended, frozen=True, kw_only=True):
    """The audio is not on this machine, and its provider cannot send it again."""

    provider: str
    given_up_as: str | None


class Lost(Ended, frozen=True, kw_only=True):
    """The provider no longer knows a paid job."""

    provider: str
    id: str | None
    given_up_as: str | None
    """The name under which a person can abandon it, where no job of the file needs it any more."""


class BadContent(Ended, frozen=True, kw_only=True):
    """What was downloaded cannot be played."""

    why: str
    given_up_as: str | None


# ---------------------------------------------------------------- stopped on this machine


class Blocked(Ended, frozen=True, kw_only=True):
    """The plan needs a decision by a person first."""

    reason: Reason


class NotInStore(Ended, frozen=True, kw_only=True):
    """With --frozen: neither the output nor the store has the audio."""

    path: str


class NotMastered(Ended, frozen=True, kw_only=True):
    """The take is in the store, and it could not be finished as the file says. `made`: this run made the take."""

    made: bool
    why: str
    advice: str | None


class Broken(Ended, frozen=True, kw_only=True):
    """Something on this machine failed, such as the disk."""

    why: str
    advice: str | None
    disk_full: bool = False


class Unexpected(Ended, frozen=True, kw_only=True):
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
