"""One HTTP API as data."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.records.source import Json


Mode: TypeAlias = Literal["async", "sync-json", "sync-bytes", "local"]

State: TypeAlias = Literal["waiting", "done", "failed"]

ErrorGroup: TypeAlias = Literal["auth", "account", "balance", "rate", "busy", "invalid", "missing", "transient"]

Transform: TypeAlias = Literal["json-string", "hex", "base64", "data-url", "relative-url"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Auth:
    """The one header that carries the key, and the environment variable the key comes from."""

    header: str
    prefix: str
    env: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One HTTP operation; `path` may hold {id}, percent-encoded when filled in, or {path} of the model's card."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    url_from: str | None = None
    """JMESPath in the submit answer to an absolute URL that is used instead, when it is on the provider's own host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRow:
    """One row of a provider's error table; the first that matches status (and text, when given) decides."""

    status: int | None
    group: ErrorGroup
    contains: str | None = None
    help: str | None = None
    """What the page says to do about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusRules:
    """How an answer says where a job stands: a word at `path`, mapped; optionally a flag that says it is over."""

    path: str
    words: Mapping[str, State]
    final_path: str | None = None
    uncharged: tuple[str, ...] = ()
    """Failure words that the vendor documents as not charged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultRules:
    """JMESPath to the audio in an answer, and to what the vendor says about it."""

    media: str | None
    transform: Transform | None = None
    media_type: str | None = None
    seeds: str | None = None
    seconds: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRules:
    """Where the callback's address goes: request headers or body fields; templates {url}, {mode}, {job}."""

    headers: Mapping[str, str]
    body: Mapping[str, str]
    https_only: bool = False
    """The vendor says that it refuses an address without TLS."""
    max_length: int | None = None
    """The longest text that the vendor takes in one of these fields."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """How a job is called off, and what that does: `stops-job` or only `stops-tracking`."""

    endpoint: Endpoint
    meaning: Literal["stops-job", "stops-tracking"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """How a vendor lists its recent jobs: JMESPaths to the items and, in an item, to id, prompt and creation time."""

    endpoint: Endpoint
    items: str
    id: str
    prompt: str
    created: str
    next: str | None
    """JMESPath to where the next page begins, nothing or false at the end; None where all comes on one page."""
    page_param: str | None
    """Name of the query parameter that takes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One HTTP API as data."""

    name: str
    title: str
    mode: Mode
    base_url: str
    auth: Auth | None
    submit: Endpoint | None
    accepted: tuple[int, ...]
    """Status codes that mean the submit was taken."""
    id_path: str | None
    id_is_private: bool
    """The id holds personal data: it stays in the journal, the lock gets a digest."""
    poll: Endpoint | None
    poll_s: float
    status: StatusRules | None
    result: ResultRules | None
    error_paths: tuple[str, ...]
    errors: tuple[ErrorRow, ...]
    cancel: Cancel | None
    listing: Listing | None
    webhook: WebhookRules | None
    max_in_flight: int
    submits: tuple[int, float] | None
    """At most (count, within seconds) submits, where the vendor documents such a limit."""
    submit_timeout_s: float
    link_life_s: float | None
    """How long a result link lives, in seconds; None when the vendor does not say."""
    replies: Mapping[str, Json]
    """Recorded answers from the vendor's own pages: the emulator plays them, the tests read them."""
    id_shape: str
    notes: tuple[str, ...]
