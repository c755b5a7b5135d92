"""What a model accepts, makes and costs."""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, assert_never

from runner.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from runner.records.source import Json

SEED_WORDS: Final = ("auto", "random")
"""What a seed parameter may hold instead of a number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What one submission costs in USD; `usd` None means unknown, never free."""

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
    """The parameter that takes the seed, its usable range, and how well the same seed reproduces the same audio."""

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


class LengthUnit(StrEnum):
    """What a length parameter counts."""

    SECONDS = "seconds"
    MILLISECONDS = "milliseconds"
    MINUTES = "minutes"

    def seconds(self, value: float) -> float:
        """Return a length of this unit in seconds."""
        match self:
            case LengthUnit.SECONDS:
                return float(value)
            case LengthUnit.MILLISECONDS:
                return value / 1000
            case LengthUnit.MINUTES:
                return value * 60.0
        assert_never(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model: what it accepts (`schema`, draft-07), where it is called, what it costs, what it returns."""

    id: str
    provider: str
    title: str
    path: str
    body: Mapping[str, Json]
    """Fixed fields that are sent with every request, such as the provider's own name of the model."""
    schema: Mapping[str, Json]
    params: Mapping[str, Param]
    price: Price
    """As the model file in effect says, which may be the project's own."""
    seed: Seed | None
    takes: Takes
    media_types: tuple[str, ...]
    """Documented media types, the likeliest first."""
    format_param: str | None
    """The parameter that chooses the container, where there is one."""
    duration_param: str | None
    """The parameter that sets a length; None when the model chooses the length."""
    duration_unit: LengthUnit | None
    """The unit of that parameter."""
    channels: int | None
    """How many channels its audio has, where its page says so."""
    typical_s: float
    """The length in seconds of rehearsed audio when the request names none."""
    notes: tuple[str, ...]
    file: str = ""
    inputs_param: str | None = None
    """The parameter that names the jobs and files that it is made of; only models of this machine have one."""
    runs_here: bool = False
    """Whether its provider is this machine: no request is sent, nothing is charged."""
    shipped_price: Price = field(default_factory=Price)
    """As the shipped model file says; unknown where none is shipped."""
    is_free: bool = False
    """Whether a request is known to cost nothing: it runs here, or shipped files alone say so. No project can."""

    def seconds(self, params: Mapping[str, Json]) -> float | None:
        """Return the length in seconds of a request: as asked, else the documented default; None when the model chooses."""
        asked = self.asked_seconds(params)
        if asked is not None or self.duration_param is None:
            return asked
        return self._seconds(self.params[self.duration_param].default)

    @property
    def longest_s(self) -> float | None:
        """The longest documented length in seconds; None when the model chooses the length, or has no limit."""
        return None if self.duration_param is None else self._seconds(self.params[self.duration_param].maximum)

    def asked_seconds(self, params: Mapping[str, Json]) -> float | None:
        """Return the length in seconds that the parameters themselves ask for; None when they leave it to the model."""
        return None if self.duration_param is None else self._seconds(params.get(self.duration_param))

    def _seconds(self, value: Json) -> float | None:
        """Return a value of the length parameter in seconds; None for a word such as auto."""
        if self.duration_unit is None or isinstance(value, bool) or not isinstance(value, int | float):
            return None
        return self.duration_unit.seconds(value)

    def asked_takes(self, params: Mapping[str, Json]) -> int:
        """Return how many takes a request asks for."""
        asked = params.get(self.takes.param, self.takes.default) if self.takes.param else self.takes.default
        return asked if isinstance(asked, int) and not isinstance(asked, bool) else self.takes.default
