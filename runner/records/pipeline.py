"""What the user wrote: a pipeline and its jobs, shape-checked, nothing rendered."""

from __future__ import annotations

from dataclasses import field
from enum import IntEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from runner.frozen import dataclass
from runner.records.source import Places

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from runner.records.catalog import Price
    from runner.records.expectations import Expectations
    from runner.records.source import DocPath, Json, Mark, Step

TEXT_PARAMS: Final = ("prompt", "lyrics", "negative_prompt")
"""Texts among the parameters, which a job may write beside `params`."""
BESIDE_PARAMS: Final = (*TEXT_PARAMS, "inputs")
"""All parameters that a job may write beside `params`."""


class Layer(IntEnum):
    """Where a value comes from; a higher layer wins."""

    MODEL = 0
    DEFAULTS = 1
    PROFILE = 2
    JOB = 3
    MATRIX = 4
    VAR = 5
    LOCK = 6


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
    """A project's settings for a provider: never a secret."""

    base_url: str | None = None
    api_key_env: str | None = None
    max_in_flight: int | None = None
    poll_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """An https address that the provider calls when a job ends."""

    url: str
    mode: Literal["terminal", "sync"] | None = None


OnUnknown: TypeAlias = Literal["hold", "resubmit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A template as written in its file, so that a place inside the parsed string has a line and a column.

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
    file: bool = False
    texts: Mapping[DocPath, Text] = field(default_factory=lambda: MappingProxyType({}))
    """The templates inside, by the path from this value on; `()` when the value is one itself."""
    places: Places = field(default_factory=Places)
    """The places of the document that it is written in."""
    written: DocPath = ()
    """Its own path there, which differs from `path` where a profile or a var file says it."""

    @property
    def mark(self) -> Mark | None:
        """Its place, or that of the nearest thing around it."""
        return self.places.nearest((*self.written, "file") if self.file else self.written)

    @property
    def key_mark(self) -> Mark | None:
        """The place of its key, where it has one."""
        return self.places.key_marks.get(self.written)

    def inner_mark(self, path: DocPath) -> Mark | None:
        """Return the place of something inside a list or mapping, by the path from this value on."""
        return self.places.marks.get(self.written + path) if path else None


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
    take: Leaf | None
    needs: tuple[str, ...]
    labels: tuple[str, ...]
    retries: int
    timeout_s: float
    on_unknown: OnUnknown
    webhook: Mapping[str, Leaf] | None
    master: Mapping[str, Leaf] | None
    """From defaults and from the job; None where neither says `master`, or the job says false."""
    tags: Mapping[str, Leaf] | bool | None
    """The same; True: only the tags that are always written; None: as `master` implies."""
    expect: Expectations
    rerolls: int
    axes: tuple[Axis, ...]
    exclude: tuple[Mapping[str, Json], ...]
    include: tuple[Mapping[str, Leaf], ...]
    marks: Mapping[str, Mark] = field(default_factory=lambda: MappingProxyType({}))
    """Places of the plain values: `take`, `matrix`, `needs`."""
    unusable: frozenset[str] = frozenset()
    """Keys, `vars.NAME` among them, that are wrong and were taken out: such a job is checked, and makes no request."""


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
    below: tuple[str, ...] = ()
    """The folders from the root of the git work tree to the file's own; outputs may lie anywhere in the tree."""
    profile: str | None = None
    marks: Mapping[DocPath, Mark] = field(default_factory=lambda: MappingProxyType({}))
    """Places of the keys under `prices` and `providers`, and of `budget`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A job at one point of its matrix. Its id is `battle@forest-hot`, or the job's name when it has no matrix."""

    id: str
    job: Job
    values: Mapping[str, Leaf]
    labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """The label of each axis as it is written; where it has none, its value as text."""
