"""What the page shows, as one JSON document: its records, and the fields that the modules in assets/ read."""

from __future__ import annotations

from dataclasses import field, fields, is_dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from runner.frozen import dataclass

if TYPE_CHECKING:
    from runner.records.source import Json

VERSION = 1

JobState: TypeAlias = Literal[
    "up-to-date", "to-make", "changed", "unfinished", "to-restore", "unknown", "blocked", "not-declared"
]
"""What a run would do about a job; `not-declared`: only the lock knows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command line for a person to copy, and what it does."""

    does: str
    line: str
    saves: str = ""
    """What a live page does in its stead: a decision of runner/review/app.py."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One parameter of a request, as it would be sent, and where it comes from."""

    name: str
    value: Json
    origin: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageWord:
    """What a person said of a take."""

    by: str
    at: str
    note: str = ""
    stars: int | None = None
    name: str = ""
    """Of a rating: by this it is replaced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageTake:
    """One take. Its audio is at `url`; where that is None, `problem` says why it cannot be heard."""

    sha256: str
    number: int
    model: str
    seconds: float
    rate_hz: int
    channels: int
    media_type: str
    bytes: int
    attempt: str
    roll: int = 0
    """Which further try at the same request it is from; 0 for the request itself."""
    url: str | None = None
    problem: str | None = None
    seed: int | None = None
    codec: str | None = None
    lufs: float | None = None
    lra_lu: float | None = None
    true_peak_dbtp: float | None = None
    sample_peak_db: float | None = None
    head_silence_s: float | None = None
    tail_silence_s: float | None = None
    clipped_samples: int | None = None
    price_usd: str | None = None
    """What its submission cost, with all its takes; None when unknown."""
    is_free: bool = False
    """It was made on this machine."""
    submitted_at: str | None = None
    is_placed: bool = False
    is_picked: bool = False
    is_mastered: bool = False
    """It is the file at the output that was finished from the take of this number."""
    is_earlier: bool = False
    """It was made for an earlier version of the request."""
    approvals: tuple[PageWord, ...] = ()
    """Those in force, the last one first."""
    ratings: tuple[PageWord, ...] = ()
    """Those that count, the last one first."""
    stars: float | None = None
    """The mean of all that were given."""
    failed: tuple[str, ...] = ()
    """Which expectations it does not meet, and how far it is from what was asked."""
    commands: tuple[Command, ...] = ()
    rate: str = ""
    """The command line that rates it, to which stars and a note are added; empty where it cannot be rated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One value that differs between two versions."""

    name: str
    old: Json
    new: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """A job as it was in another commit: the take at its output, and behind it the file that this was finished as."""

    takes: tuple[PageTake, ...] = ()
    changes: tuple[Change, ...] = ()
    """What differs in the request."""
    is_same: bool = False
    """The same audio is at its output today."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageJob:
    """One job with its takes, the best known first: those of the request as it is today, then those of earlier ones."""

    id: str
    group: str
    cue: str
    """Jobs with the same cue are the same piece by different models."""
    model: str
    state: JobState
    why: str
    labels: tuple[str, ...] = ()
    texts: tuple[Value, ...] = ()
    params: tuple[Value, ...] = ()
    seed: str = ""
    asked_s: float | None = None
    next_usd: str | None = None
    """What the next run may cost for it; None when unknown, or nothing is to be made."""
    has_next_cost: bool = False
    output: str | None = None
    output_state: str = ""
    expected: tuple[str, ...] = ()
    """What is expected of its takes, a range each."""
    notes: tuple[str, ...] = ()
    unfinished: tuple[str, ...] = ()
    takes: tuple[PageTake, ...] = ()
    before: Before | None = None
    commands: tuple[Command, ...] = ()
    picked: tuple[str, ...] = ()
    """The SHA-256 of what people chose; of two a person has to choose one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """The sums of a model or a label. Unknown prices are counted, and not part of the sum."""

    name: str
    jobs: int
    takes: int
    seconds: float
    known_usd: str
    unknown_prices: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PageData:
    """The whole page."""

    title: str
    file: str
    made_by: str
    made_at: str
    is_rehearsal: bool
    jobs: tuple[PageJob, ...]
    by_model: tuple[Total, ...]
    by_label: tuple[Total, ...]
    all: Total
    notices: tuple[str, ...] = ()
    against: str | None = None
    """The commit of the versions before, as a person named it."""
    commands: tuple[Command, ...] = ()
    pictures: dict[str, dict[str, str]] = field(default_factory=dict)
    """SHA-256 of a take → `peaks` and `png`, both base64."""
    is_live: bool = False
    """A server is behind it, which saves what is decided on it."""
    you: str = ""
    """In whose name it saves."""
    version: int = VERSION


def as_json(value: object) -> Json:
    """Return records as JSON; fields that are None, empty or False are left out, and read so by the modules."""
    if is_dataclass(value):
        found = ((item.name, getattr(value, item.name)) for item in fields(value))
        return {
            name: as_json(part)
            for name, part in found
            if part is not None and part is not False and part not in ("", ())
        }
    if isinstance(value, tuple):
        return [as_json(part) for part in value]
    return value
