"""What the engine needs from outside, and the effects that a JobRun yields to the loop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from runner.records.limits import DEFAULT_LIMITS

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping
    from concurrent.futures import Executor as CpuExecutor
    from datetime import datetime
    from decimal import Decimal

    from runner.plan.budget import Budget
    from runner.provider.access import ProviderAccess
    from runner.provider.downloads import Fetcher
    from runner.provider.transport import Transport
    from runner.records.endings import Ending
    from runner.records.limits import Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
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
    stop: threading.Event
    """Set from outside: submit nothing new, write the receipts of running submissions, save, end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """How to run: the settings of the project and of the command line."""

    providers: Mapping[str, ProviderAccess]
    """The providers whose models this run uses."""
    jobs: int
    budget: Budget
    fail_fast: bool = False
    profile: str | None = None
    callback: Callable[[str], str] | None = None
    """attempt → the secret address that its provider calls when it has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One thing to show: how far a job is. `take` of `takes` counts from 1 while takes are fetched."""

    job: str
    state: str
    note: str = ""
    take: int | None = None
    takes: int | None = None
    ending: Ending | None = None
    """How the job ended, once it did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Wait for the permission to submit; an Ending is sent back when it is refused."""

    provider: str
    worst: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Wait so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Run `call` in another thread; its result is sent back, its error is raised here.

    `call` gets a gate: a function that returns when `at_gate` has run on the loop's thread.
    """

    call: Callable[[Callable[[], None]], object]
    at_gate: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True, kw_only=True)
class Compute:
    """Run `call` with `args` on the CPU executor; its result is sent back, its error is raised here.

    It may run in another process or on another machine, and more than once: `call` is a picklable function of audio/tasks.py.
    """

    call: Callable[..., object]
    args: tuple[object, ...]


Effect: TypeAlias = "Turn | Wait | Work | Compute"


class Interrupted(Exception):
    """Raised in a waiting JobRun when the run has to end."""
