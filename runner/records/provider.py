"""One HTTP API as data."""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, TypeAlias, assert_never

from runner.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.records.source import Json


class Mode(StrEnum):
    """How a provider works: what the answer to a submission contains, or that the model runs here."""

    ASYNC = "async"
    SYNC_JSON = "sync-json"
    SYNC_BYTES = "sync-bytes"
    LOCAL = "local"

    @property
    def is_local(self) -> bool:
        """Whether its models run on this machine: no request is sent, nothing is charged."""
        match self:
            case Mode.LOCAL:
                return True
            case Mode.ASYNC | Mode.SYNC_JSON | Mode.SYNC_BYTES:
                return False
        assert_never(self)

    @property
    def answers_result(self) -> bool:
        """Whether the answer to a submission may contain the result of the job: links, or the audio as text."""
        match self:
            case Mode.SYNC_JSON:
                return True
            case Mode.ASYNC | Mode.SYNC_BYTES | Mode.LOCAL:
                return False
        assert_never(self)

    @property
    def answers_audio(self) -> bool:
        """Whether the body of the answer to a submission is the audio itself."""
        match self:
            case Mode.SYNC_BYTES:
                return True
            case Mode.ASYNC | Mode.SYNC_JSON | Mode.LOCAL:
                return False
        assert_never(self)


State: TypeAlias = Literal["waiting", "done", "failed"]


class ErrorGroup(StrEnum):
    """What a refusal is about."""

    AUTH = "auth"
    ACCOUNT = "account"
    BALANCE = "balance"
    RATE = "rate"
    BUSY = "busy"
    INVALID = "invalid"
    MISSING = "missing"
    TRANSIENT = "transient"

    @property
    def proves_rejection(self) -> bool:
        """Whether, in answer to a submission, it proves that the request was not executed."""
        match self:
            case ErrorGroup.AUTH | ErrorGroup.ACCOUNT | ErrorGroup.BALANCE:
                return True
            case ErrorGroup.RATE | ErrorGroup.BUSY | ErrorGroup.INVALID:
                return True
            case ErrorGroup.MISSING | ErrorGroup.TRANSIENT:  # about ids in polls, and temporary errors
                return False
        assert_never(self)

    @property
    def closes(self) -> bool:
        """Whether the provider will accept no more requests in this run."""
        match self:
            case ErrorGroup.AUTH | ErrorGroup.ACCOUNT | ErrorGroup.BALANCE:
                return True
            case ErrorGroup.RATE | ErrorGroup.BUSY | ErrorGroup.INVALID | ErrorGroup.MISSING | ErrorGroup.TRANSIENT:
                return False
        assert_never(self)


class Transform(StrEnum):
    """How an answer encodes the audio or its link."""

    JSON_STRING = "json-string"
    HEX = "hex"
    BASE64 = "base64"
    DATA_URL = "data-url"
    RELATIVE_URL = "relative-url"

    @property
    def is_inline(self) -> bool:
        """Whether the answer contains the audio itself, not a link to it."""
        match self:
            case Transform.HEX | Transform.BASE64 | Transform.DATA_URL:
                return True
            case Transform.JSON_STRING | Transform.RELATIVE_URL:
                return False
        assert_never(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Auth:
    """The one header that carries the key, and the environment variable the key comes from."""

    header: str
    prefix: str
    env: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One HTTP operation; `path` may hold {id}, percent-encoded when filled in, or the model's {path}."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    url_from: str | None = None
    """JMESPath in the answer to a submission: the absolute URL of the job: kept in the receipt, never called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRow:
    """One row of a provider's error table; the first that matches status (and text, when given) decides."""

    status: int | None
    group: ErrorGroup
    contains: str | None = None
    help: str | None = None
    """What the provider's page says to do about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusRules:
    """How an answer states the status of a job: a word at `path`, mapped; optionally a flag that the job has ended."""

    path: str
    words: Mapping[str, State]
    final_path: str | None = None
    uncharged: tuple[str, ...] = ()
    """Failure words that the provider documents as not charged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultRules:
    """JMESPath to the audio in an answer, and to what the provider says about it."""

    media: str | None
    transform: Transform | None = None
    media_type: str | None = None
    seeds: str | None = None
    seconds: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Echo:
    """JMESPaths in a poll's answer to what the job was made from: the model's name and the prompt."""

    model: str | None = None
    prompt: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRules:
    """Where the callback's address goes: request headers or body fields; templates {url}, {mode}, {job}."""

    headers: Mapping[str, str]
    body: Mapping[str, str]
    https_only: bool = False
    """The provider documents that it refuses an address without TLS."""
    max_length: int | None = None
    """The longest text that the provider accepts in one of these fields."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """How a job is cancelled, and what that does: `stops-job` or only `stops-tracking`."""

    endpoint: Endpoint
    meaning: Literal["stops-job", "stops-tracking"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """How a provider lists its recent jobs: JMESPaths to the items and, in an item, to id, prompt and creation time."""

    endpoint: Endpoint
    items: str
    id: str
    prompt: str
    created: str
    next: str | None
    """JMESPath to the start of the next page, nothing or false at the end; None where there is only one page."""
    page_param: str | None
    """Name of the query parameter for that start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectFile:
    """A provider file that a project brings: the path as the user would type it, and a digest of what it says."""

    shown: str
    sha256: str


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
    """Status codes that mean that the submission was accepted."""
    id_path: str | None
    id_is_private: bool
    """The id contains personal data: only the journal has it, the lock has a digest."""
    poll: Endpoint | None
    poll_s: float
    status: StatusRules | None
    result: ResultRules | None
    echo: Echo | None
    error_paths: tuple[str, ...]
    errors: tuple[ErrorRow, ...]
    cancel: Cancel | None
    listing: Listing | None
    webhook: WebhookRules | None
    max_in_flight: int
    submits: tuple[int, float] | None
    """At most (count, within seconds) submissions, where the provider documents such a limit."""
    submit_timeout_s: float
    replies: Mapping[str, Json]
    """Recorded answers from the provider's own pages: the emulator plays them, the tests read them."""
    id_shape: str
    notes: tuple[str, ...]
    project_file: ProjectFile | None = None
    """The project's own file that says all this; None when it is a shipped one."""
