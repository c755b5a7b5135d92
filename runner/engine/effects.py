"""What the engine needs from outside, what the loop drives, and the effects that this yields to it."""

from __future__ import annotations

import contextlib
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, assert_never

from msgspec import Struct, field

from runner.records.limits import DEFAULT_LIMITS

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Generator, Mapping
    from concurrent.futures import Executor as CpuExecutor
    from datetime import datetime
    from decimal import Decimal

    from runner.provider.access import ProviderAccess
    from runner.provider.downloads import Fetcher
    from runner.provider.transport import Transport
    from runner.records.endings import Ending
    from runner.records.limits import Limits
    from runner.records.outcome import Outcome
    from runner.records.request import Request


class World(Struct, frozen=True, kw_only=True):
    """The world outside, injected: tests replace it and patch nothing."""

    now: Callable[[], datetime]
    """Wall clock, UTC."""
    monotonic: Callable[[], float]
    token: Callable[[], str]
    """A fresh random name for an attempt."""
    transport: Transport
    fetcher: Fetcher
    cpu: CpuExecutor
    limits: Limits = DEFAULT_LIMITS
    folder: Path = field(default_factory=Path)
    """The folder that paths of the pipeline are relative to."""
    stop: threading.Event
    """Set from outside: submit nothing new, write the receipts of running submissions, save, end."""


class RunSettings(Struct, frozen=True, kw_only=True):
    """How to run: the settings of the project and of the command line."""

    providers: Mapping[str, ProviderAccess]
    """The providers whose models this run uses."""
    jobs: int
    budget_usd: Decimal | None
    """What may be spent; None without a limit."""
    slots: Mapping[str, int] = field(default_factory=dict)
    """Provider → how many slots an earlier run has found it to have."""
    fail_fast: bool = False
    profile: str | None = None
    callback: Callable[[str], str] | None = None
    """attempt → the secret address that its provider calls when it has ended."""


class Progress(Struct, frozen=True, kw_only=True):
    """One thing to show: how far a job is. `take` of `takes` counts from 1 while takes are fetched."""

    job: str
    state: str
    note: str = ""
    take: int | None = None
    takes: int | None = None
    ending: Ending | None = None
    """How the job ended, once it did."""


def harmless(notify: Callable[[Progress], None]) -> Callable[[Progress], None]:
    """Return a listener whose own errors, such as a closed terminal, do not affect a job."""

    def told(progress: Progress) -> None:
        with contextlib.suppress(Exception):
            notify(progress)

    return told


class Turn(Struct, frozen=True, kw_only=True):
    """Wait for the permission to submit, and take a slot at once; an Ending is sent back when it is refused."""

    job: str
    provider: str
    worst: Decimal | None
    again: bool = False
    """Whether the provider refused this job as one too many: its next turn is before those of others."""


class Wait(Struct, frozen=True, kw_only=True):
    """Wait so many seconds."""

    seconds: float


class PollTurn(Struct, frozen=True, kw_only=True):
    """Wait so many seconds for the next poll, and longer where the provider gets other polls at that moment."""

    provider: str
    seconds: float
    may_wait: bool = False
    """Whether it may be put off once, by as long: nothing is expected of it, and jobs may wait to be submitted."""


class Durable(Struct, frozen=True):
    """Wait until all rows so far are on disk, as every effect does, and for nothing else."""


class Lane(StrEnum):
    """A group of worker threads: what waits in one lane stops nothing in another."""

    SUBMIT = "submit"
    POLL = "poll"
    FETCH = "fetch"
    """Downloads, and copies of takes to the store and to their outputs."""

    @property
    def first(self) -> int:
        """How many threads this lane begins with: enough where providers answer at once, and to share a write of the journal."""
        match self:
            case Lane.SUBMIT:
                return 8
            case Lane.POLL:
                return 2
            case Lane.FETCH:
                return 8
        assert_never(self)

    def threads(self, jobs: int) -> int:
        """Return how many threads this lane may have in a run of `jobs` jobs at a time: a bound on what is on the wire."""
        match self:
            case Lane.SUBMIT:
                return min(jobs, 64)
            case Lane.POLL:
                return min(jobs, 32)
            case Lane.FETCH:
                return min(jobs, 16)
        assert_never(self)


class Work(Struct, frozen=True, kw_only=True):
    """Run `call` in another thread; its result is sent back, its error is raised here.

    `call` gets a gate: a function that returns when `at_gate` has run on the loop's thread, and its rows are on disk.
    """

    lane: Lane
    call: Callable[[Callable[[], None]], object]
    at_gate: Callable[[], None] = lambda: None


class Compute(Struct, frozen=True, kw_only=True):
    """Run `call` with `args` on the CPU executor; its result is sent back, its error is raised here.

    It may run in another process or on another machine, and more than once: `call` is a picklable function of audio/tasks.py.
    """

    call: Callable[..., object]
    args: tuple[object, ...]


Effect: TypeAlias = "Turn | Wait | PollTurn | Durable | Work | Compute"
"""No effect leaves the loop before the rows that its job has recorded are on disk."""


class Run(Protocol):
    """What the loop drives: one job from its action to its outcome."""

    job: str
    request: Request

    @property
    def attempt(self) -> str:
        """The attempt whose rows it records."""

    @property
    def is_fetching(self) -> bool:
        """Whether it is finished at its provider and not downloaded yet."""

    def run(self) -> Generator[Effect, Any, Outcome]:
        """Do the whole job: yield each effect, and return the outcome."""

    def broken(self, error: Exception) -> Outcome:
        """Return the outcome after an error on this machine."""

    def interrupted(self) -> Outcome:
        """Return the outcome of a job that the end of the run stops."""


class Interrupted(Exception):
    """Raised in a waiting JobRun when the run has to end."""
