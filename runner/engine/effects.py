"""What the engine needs from outside, and the effects that a JobRun asks the loop for."""

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
    """Set from outside: no new submits, see running ones to their receipt, save, leave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """How to run: what the project and the command line ask for."""

    providers: Mapping[str, ProviderAccess]
    """The providers whose models this run makes something of."""
    jobs: int
    budget: Budget
    fail_fast: bool = False
    callback: Callable[[str], str] | None = None
    """attempt → the secret address under which this run hears that it is over."""


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
    """Wait for leave to submit; an Ending is sent back when there will be none."""

    provider: str
    worst: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Wait this long."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Do this in another thread; what it returns is sent back, what it raises is raised here.

    `call` is given a gate: to call it is to wait until `at_gate` has run on the loop's thread.
    """

    call: Callable[[Callable[[], None]], object]
    at_gate: Callable[[], None] = lambda: None


Effect: TypeAlias = "Turn | Wait | Work"


class Interrupted(Exception):
    """Thrown into a JobRun at a wait when the run is to end."""
