"""Every noun that crosses from one room to another, in the order it is born. All frozen.

Mark, Step, Problem          where something stands, and what is wrong with it
Pipeline, Job, Cell          what the user wrote
Price, Param, Card, Provider what a model accepts, and how its API speaks
Request                      exactly what would be sent
Call, Reply, Media, Reading  one HTTP exchange and what it means
Take, Entry, Lock            what was made and paid for
Submission, Event            the life of one paid submit
Action, Cost, Plan           what to do, why, and what it costs
Outcome                      what was done
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

Json: TypeAlias = Any
"""A JSON value: None, bool, int, float, str, list or dict of the same."""

DocPath: TypeAlias = "tuple[str | int, ...]"
"""A place inside a document: ('jobs', 'title', 'params', 'bpm')."""

Severity: TypeAlias = Literal["error", "warning"]


# ---------------------------------------------------------------- places and problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A place in a text file; line and columns count characters from 1, `end_column` is exclusive on the same line."""

    file: str
    line: int
    column: int
    end_column: int | None = None

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One link of an origin chain: `base_bpm = 160` at `night.yaml:3:18`."""

    text: str
    mark: Mark | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong with the user's files, with its place, what is allowed, and the remedy."""

    code: str
    message: str
    mark: Mark | None = None
    path: DocPath = ()
    allowed: str | None = None
    help: str | None = None
    severity: Severity = "error"
    origin: tuple[Step, ...] = ()
    cells: tuple[str, ...] = ()
    """Ids of the matrix cells this one value reaches, when there are several."""


# ---------------------------------------------------------------- what the user wrote


class Layer(IntEnum):
    """Where a value comes from; a higher layer wins."""

    CARD = 0
    DEFAULTS = 1
    PROFILE = 2
    JOB = 3
    MATRIX = 4
    VAR = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where one resolved value comes from: its layer, its place, the template it was written as, what that used."""

    layer: Layer
    mark: Mark | None = None
    source: str | None = None
    steps: tuple[Step, ...] = ()
    file: str | None = None
    """The text file that holds the value word for word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """What a project says about a provider: never a secret."""

    base_url: str | None = None
    api_key_env: str | None = None
    max_in_flight: int | None = None
    poll_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """An https address that the vendor calls when a job ends."""

    url: str
    mode: Literal["terminal", "sync"] | None = None


OnUnknown: TypeAlias = Literal["hold", "resubmit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A template as it stands in its file, so that a place inside the parsed string has a line and a column.

    `raw` is the source without quotes or block header; `mark` is the place of its first character.
    """

    mark: Mark
    raw: str
    style: Literal["plain", "single", "double", "block"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A value as written, not rendered yet, with its place and layer; `file` when it is a `{file: PATH}` text."""

    value: Json
    path: DocPath
    layer: Layer
    mark: Mark | None = None
    file: bool = False
    key_mark: Mark | None = None
    marks: Mapping[DocPath, Mark] = field(default_factory=lambda: MappingProxyType({}))
    """Places inside a list or mapping, by the path from this value on."""
    texts: Mapping[DocPath, Text] = field(default_factory=lambda: MappingProxyType({}))
    """The templates inside, by the path from this value on; `()` when the value is one itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """One matrix axis: (label, value) in order, each value with its Leaf."""

    name: str
    points: tuple[tuple[str, Leaf], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as written, defaults and profile merged in, nothing rendered."""

    name: str
    mark: Mark
    model: Leaf | None
    params: Mapping[str, Leaf]
    """From defaults and from the job; each Leaf's layer tells which."""
    vars: Mapping[str, Leaf]
    output: Leaf | None
    take: int
    needs: tuple[str, ...]
    labels: tuple[str, ...]
    retries: int
    timeout_s: float
    on_unknown: OnUnknown
    webhook: Mapping[str, Leaf] | None
    axes: tuple[Axis, ...]
    exclude: tuple[Mapping[str, Json], ...]
    include: tuple[Mapping[str, Leaf], ...]
    marks: Mapping[str, Mark] = field(default_factory=lambda: MappingProxyType({}))
    """Places of the plain values: `take`, `matrix`, `needs`."""
    gaps: frozenset[str] = frozenset()
    """Keys, `vars.NAME` among them, that were wrong and are left out: such a job is checked, and makes no request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """A pipeline file, shape-checked and with its profile merged in, nothing rendered."""

    file: str
    name: str
    vars: Mapping[str, Leaf]
    env: tuple[str, ...]
    providers: Mapping[str, ProviderSettings]
    prices: Mapping[str, Price]
    budget_usd: Decimal | None
    jobs: tuple[Job, ...]
    profile: str | None = None
    marks: Mapping[DocPath, Mark] = field(default_factory=lambda: MappingProxyType({}))
    """Places of the keys under `prices` and `providers`, and of `budget`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A job at one point of its matrix. Its id is `battle@forest-hot`, or the job's name when it has no matrix."""

    id: str
    job: Job
    values: Mapping[str, Leaf]


# ---------------------------------------------------------------- the catalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What one submit costs in USD. No amount is an unknown price, never a free one."""

    per: Literal["request", "take", "minute"] = "request"
    usd: Decimal | None = None
    typical_minutes: float | None = None
    max_minutes: float | None = None
    source: str = ""
    date: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Param:
    """One parameter of a model, as its page documents it."""

    name: str
    types: tuple[str, ...]
    required: bool = False
    default: Json = None
    minimum: float | None = None
    maximum: float | None = None
    max_length: int | None = None
    max_items: int | None = None
    choices: tuple[Json, ...] = ()
    description: str = ""


Reproduces: TypeAlias = Literal["exact", "similar", "no"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """The parameter that takes the seed, its usable range, and how far the same seed brings the same audio back."""

    param: str
    minimum: int
    maximum: int
    reproduces: Reproduces


@dataclass(frozen=True, slots=True, kw_only=True)
class Takes:
    """How many takes one request makes: a parameter's value, or a constant."""

    param: str | None = None
    default: int = 1
    maximum: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One model: what it accepts (`schema`, draft-07), where it is called, what it costs, what it returns."""

    id: str
    provider: str
    title: str
    path: str
    body: Mapping[str, Json]
    """Fixed fields that are sent with every request, such as the vendor's own model name."""
    schema: Mapping[str, Json]
    params: Mapping[str, Param]
    price: Price
    seed: Seed | None
    takes: Takes
    media_types: tuple[str, ...]
    """Promised media types, the likeliest first."""
    format_param: str | None
    """The parameter that chooses the container, where there is one."""
    duration_param: str | None
    """The parameter that asks for a length in seconds; None when the model chooses the length."""
    typical_s: float
    """The length in seconds a rehearsal plays when nothing asks for one."""
    notes: tuple[str, ...]
    file: str = ""
    body_rules: Mapping[str, Mapping[str, Json]] = field(default_factory=lambda: MappingProxyType({}))
    """Fixed fields that the page lets a client leave out or choose, as it documents them."""


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
    """Recorded answers from the vendor's own pages: the gateway plays them, the tests read them."""
    id_shape: str
    notes: tuple[str, ...]
    takes_forms: bool = False
    """A submit may come as multipart/form-data too."""


# ---------------------------------------------------------------- what would be sent


SeedMode: TypeAlias = Literal["none", "fixed", "auto", "random"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A default that the job's model does not take."""

    param: str
    mark: Mark | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Exactly what would be sent for one cell, where each value comes from, and what to do with the answer.

    `params` lacks the seed when `seed_mode` is `random` and it has not been drawn.
    """

    job: str
    group: str
    card: Card
    params: Mapping[str, Json]
    seed_mode: SeedMode
    output: str
    """POSIX path relative to the pipeline's folder, without an audio extension: that follows the real format.

    Empty: its takes go to the blob store only.
    """
    take: int
    takes: int
    mark: Mark
    origins: Mapping[str, Origin] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    """Cell ids, groups resolved."""
    labels: tuple[str, ...] = ()
    retries: int = 0
    timeout_s: float = 1800.0
    on_unknown: OnUnknown = "hold"
    webhook: Webhook | None = None
    price: Price = field(default_factory=Price)
    left_out: tuple[LeftOut, ...] = ()


# ---------------------------------------------------------------- one exchange


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
    """SHA-256 of the body where it stands in the store instead of here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """One take as the vendor hands it over: a link, or the bytes themselves."""

    url: str | None = None
    data: bytes | None = None
    media_type: str | None = None
    seed: int | None = None
    kept: str | None = None
    """SHA-256 of the bytes where they stand in the store instead of here."""


class Verdict(StrEnum):
    """What an answer means."""

    ACCEPTED = "accepted"  # submit: taken, `id` is the receipt
    REJECTED = "rejected"  # submit: proven not executed; `group` says why
    UNKNOWN = "unknown"  # submit: may have been charged
    WAITING = "waiting"  # poll: not over
    DONE = "done"  # poll, or a synchronous submit: `media` is there
    FAILED = "failed"  # poll: the vendor says it failed
    RETRY = "retry"  # poll: nothing learned, ask again
    REFUSED = "refused"  # poll: the key or the account is not accepted (any more)
    MISSING = "missing"  # poll: the vendor does not know this id


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What an answer means, in the words of no vendor."""

    verdict: Verdict
    id: str | None = None
    poll_url: str | None = None
    media: tuple[Media, ...] = ()
    group: ErrorGroup | None = None
    message: str = ""
    help: str | None = None
    """What the vendor's page says to do about a refusal."""
    word: str | None = None
    """The vendor's own status word; with WAITING and `known` False one that its file does not list."""
    known: bool = True
    charged: bool | None = None
    retry_after_s: float | None = None
    seconds: float | None = None


# ---------------------------------------------------------------- what was made


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """One verified piece of audio. `path` is set on the take that `output` names, once it is placed."""

    sha256: str
    bytes: int
    media_type: str
    seconds: float
    rate_hz: int
    channels: int
    lufs: float | None = None
    """Integrated loudness in LUFS (ITU-R BS.1770); None when too short or silent to measure."""
    path: str | None = None
    seed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Proof of one accepted submit. `request_id` is a digest where the vendor's id holds personal data."""

    request_id: str
    price_usd: str | None
    """Decimal text; None when the price is unknown."""
    submitted_at: str
    poll_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One job in the lock: what was sent, what proves it, what came back.

    Without takes it is a pending receipt: accepted, not finished. `pending` is such a receipt beside a finished entry
    that is being made anew; `paid` is what a vendor made, while something made here stands in front of it.
    """

    fingerprint: str
    model: str
    request: Mapping[str, Json]
    receipt: Receipt
    takes: tuple[Take, ...]
    take: int
    pending: Entry | None = None
    paid: Entry | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """NAME.lock: job id → Entry. That of a rehearsal says so, and is refused anywhere else."""

    jobs: Mapping[str, Entry] = field(default_factory=dict)
    rehearsal: bool = False


# ---------------------------------------------------------------- the life of a submit


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
    attempt: str
    phase: Phase
    model: str
    params: Mapping[str, Json]
    fingerprint: str
    seed_param: str | None = None
    price_usd: str | None = None
    """What one submit of it costs, decimal text; None when unknown."""
    planned_at: str = ""
    submitted_at: str | None = None
    request_id: str | None = None
    poll_url: str | None = None
    answer: Reply | None = None
    """The raw answer, kept until its meaning is recorded."""
    media: tuple[Media, ...] = ()
    takes: tuple[Take, ...] = ()
    refreshes: int = 0
    """How often an expired link was asked for afresh."""
    message: str = ""
    charged: bool | None = None


# ---------------------------------------------------------------- the plan and the end


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What an action may cost in USD: `low` when all goes well, `worst` with every allowed resubmit; None = unknown."""

    low: Decimal | None
    worst: Decimal | None
    how: str = ""
    """How the sum came about: `1 request × $0.08`."""
    source: str = ""
    date: str = ""


Verb: TypeAlias = Literal["reuse", "restore", "generate", "regenerate", "resume", "remaster", "blocked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One field that differs between the lock and the request."""

    field: str
    old: Json
    new: Json
    mark: Mark | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What to do for one request, and why."""

    request: Request
    verb: Verb
    reason: str
    changes: tuple[Change, ...] = ()
    cost: Cost
    entry: Entry | None = None
    """The lock entry or finished journal entry that this action builds on."""
    entry_job: str | None = None
    """The job id under which that entry stands, when the job was renamed."""
    submission: Submission | None = None
    """The earlier submission that this action takes up, gives up for a new one, or that blocks it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All actions in the order of the file, with their sums."""

    actions: tuple[Action, ...]
    low: Decimal | None
    worst: Decimal | None
    collect: tuple[Action, ...] = ()
    """Paid submissions that no job of the file asks for any more: finished into the blob store, placed nowhere."""
    orphans: tuple[str, ...] = ()
    """Lock entries whose job is not in the file any more."""


Result: TypeAlias = Literal["made", "reused", "restored", "unfinished", "failed", "unknown", "skipped"]
"""`unfinished` is paid and goes on in the next run; `unknown` may be paid and waits for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one job ended."""

    job: str
    model: str
    result: Result
    entry: Entry | None = None
    spent_usd: Decimal | None = None
    message: str = ""
    help: str | None = None
    group: ErrorGroup | None = None
