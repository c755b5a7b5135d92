"""Exactly what would be sent for one cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from msgspec import Struct, field

from runner.records.catalog import Price
from runner.records.expectations import NOTHING_EXPECTED, Expectations

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.records.catalog import Model
    from runner.records.mastering import Finishing
    from runner.records.pipeline import OnUnknown, Origin, Webhook
    from runner.records.source import Json, Mark


SeedMode: TypeAlias = Literal["none", "fixed", "auto", "random"]


def named(job: str, roll: int) -> str:
    """Return what people read for a job, or for a roll that is made beside it."""
    return f"{job} roll {roll}" if roll else job


class LeftOut(Struct, frozen=True, kw_only=True):
    """A default that the job's model does not accept."""

    param: str
    mark: Mark | None
    why: str


class Input(Struct, frozen=True, kw_only=True):
    """A piece of audio that a request of this machine is made of: the chosen take of a job, or a file.

    `settings` are what the request says of it beside its name. `sha256` is None while its job has not made it.
    """

    name: str
    """The job's id, or the file's path relative to the pipeline's folder."""
    is_file: bool
    settings: Mapping[str, Json] = field(default_factory=dict)
    sha256: str | None = None
    mark: Mark | None = None


class Request(Struct, frozen=True, kw_only=True):
    """Exactly what would be sent for one cell, where each value comes from, and what to do with the answer.

    `params` lacks the seed when `seed_mode` is `random` and it has not been drawn.
    """

    job: str
    group: str
    model: Model
    params: Mapping[str, Json]
    seed_mode: SeedMode
    output: str | None
    """POSIX path relative to the pipeline's folder, without an audio extension, which follows the real format.

    None where no job needs it any more: its takes go to the store only.
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
    expect: Expectations = NOTHING_EXPECTED
    rerolls: int = 0
    """How often at most a take that is not as expected is asked for again, with other seeds."""
    price: Price = field(default_factory=Price)
    left_out: tuple[LeftOut, ...] = ()
    inputs: tuple[Input, ...] = ()
    """What it is made of, where its model works on audio."""
    pipeline: str = ""
    """The name of the pipeline, from which an `auto` seed is derived."""
    finishing: Finishing | None = None
    """What is done to the chosen take before it is placed; None: it is placed as it is."""
    roll: int = 0
    """Which further try at the same request it is, counted from 1; 0 for the request itself."""
    roll_of: str | None = None
    """The fingerprint of the request that a roll is a further try at."""

    @property
    def extra_roll(self) -> int:
        """Which roll is made beside the job itself, whose takes go to the store; 0 for the job itself."""
        return self.roll if self.output is None else 0

    @property
    def name(self) -> str:
        """What tells it from every other request of one run."""
        return named(self.job, self.extra_roll)

    @property
    def seconds(self) -> float | None:
        """The length in seconds that it asks for, or the model's default; None when the model chooses the length."""
        return self.model.seconds(self.params)

    @property
    def waits_for(self) -> tuple[str, ...]:
        """Return the jobs that have to make an input first: until then it is not known what exactly is asked for."""
        return tuple(dict.fromkeys([item.name for item in self.inputs if item.sha256 is None])) if self.inputs else ()

    @property
    def is_free(self) -> bool:
        """Whether it certainly costs nothing, so that it may be sent again: a price of the project alone proves nothing."""
        return self.model.is_free and self.price.usd == 0
