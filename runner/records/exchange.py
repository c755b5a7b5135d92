"""One HTTP exchange with a provider, and what it means."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from runner.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.records.provider import ErrorGroup

EMULATOR_HEADER = "scorefile-emulator"
"""The header, in lower case, by which every answer of the emulator says what it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One HTTP request, complete but for the key: the transport adds it, for the provider's own host only."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One HTTP answer, read to its end. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    kept: str | None = None
    """SHA-256 of the body where it is in the store and not here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """One take as the provider delivers it: a link, or the bytes themselves."""

    url: str | None = None
    data: bytes | None = None
    media_type: str | None = None
    seed: int | None = None
    kept: str | None = None
    """SHA-256 of the bytes where they are in the store and not here."""


class Verdict(StrEnum):
    """What an answer means."""

    ACCEPTED = "accepted"  # submit: taken, `id` is the receipt
    REJECTED = "rejected"  # submit: proven not executed; `group` says why
    UNKNOWN = "unknown"  # submit: may have been charged
    WAITING = "waiting"  # poll: not finished
    DONE = "done"  # poll, or a synchronous submit: `media` has the audio
    FAILED = "failed"  # poll, or a synchronous submit: the provider says that it failed
    EMPTY = "empty"  # poll: finished, and names no audio; poll again for a while
    RETRY = "retry"  # poll: proves nothing, poll again
    REFUSED = "refused"  # poll: the key or the account is not accepted (any more)
    MISSING = "missing"  # poll: the provider does not know this id
    ANOTHER = "another"  # poll: the job of an id that a person told is another request's


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """Whether an answer proves that a job was cancelled; `message` says why it does not."""

    confirmed: bool
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What an answer means, the same for every provider."""

    verdict: Verdict
    id: str | None = None
    poll_url: str | None = None
    media: tuple[Media, ...] = ()
    group: ErrorGroup | None = None
    message: str = ""
    help: str | None = None
    """What the provider's page says to do about a refusal."""
    word: str | None = None
    """The provider's own status word; with `known` False its file does not list that word."""
    known: bool = True
    charged: bool | None = None
    retry_after_s: float | None = None
    seconds: float | None = None
