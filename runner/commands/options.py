"""The options of a command line, as data."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from runner.frozen import dataclass
from runner.plan.selection import Wanted

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping
    from decimal import Decimal

    from runner.engine.effects import Progress
    from runner.plan.saved import Saved
    from runner.records.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandOptions:
    """Which project a command line is about, and which of its jobs."""

    file: str | None = None
    profile: str | None = None
    vars: Mapping[str, str] = field(default_factory=dict)
    var_files: tuple[str, ...] = ()
    """Files of vars, YAML or JSON; a later one wins, and `vars` over all."""
    wanted: Wanted = field(default_factory=Wanted)
    failed: bool = False
    """Only jobs that have no take in the lock."""
    force: bool = False
    reroll: tuple[str, ...] = ()
    """Globs of jobs that are asked for again with another seed."""
    times: int | None = None
    """How often each of them is; None: once."""
    seed: int | None = None
    """The seed of the first roll of each; None: the next one."""
    rehearse: bool = False
    strict: bool = False
    """Warnings fail too."""
    env: Mapping[str, str] = field(default_factory=dict)
    trust: str = ""
    """Hosts, comma separated, to which this project may send keys in this run."""
    saved: Saved | None = None
    """A saved plan: a run that differs from it is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOptions:
    """What `plan` prints and saves."""

    locked: bool = False
    """Exit 4 when the lock would change."""
    detailed_exitcode: bool = False
    """0: no change, 1: error, 2: changes."""
    out: str | None = None
    """Where to save it."""
    max_cost: Decimal | None = None
    """Exit 6 when a run could cost more, in USD."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """How to run what is planned."""

    jobs: int = 8
    fail_fast: bool = False
    max_cost: Decimal | None = None
    locked: bool = False
    """Refuse when the lock would change."""
    offline: bool = False
    """Ask no provider: what only a provider can do is left as it is."""
    release: bool = False
    """Put approved takes in their places, and refuse when one is not approved."""
    lock_timeout_s: float = 0.0
    processes: int | None = None
    """How many processes decode, measure and compose; None uses threads."""
    dask: str | None = None
    """The scheduler of a Dask cluster that does this instead."""
    listen: str | None = None
    """HOST:PORT to listen on for providers' callbacks, reached from outside as `public_url`."""
    public_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportOptions:
    """Where the page to listen on is written, and what it holds."""

    out: str | None = None
    bundle: str | None = None
    """A folder for the page with its audio beside it."""
    embed: bool = False
    """The audio of short takes is part of the page."""
    against: str | None = None
    """A commit whose versions are shown beside those of today."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveOptions:
    """What a person says of takes."""

    by: str | None = None
    """Who says it; None: git's user.name, else the login."""
    note: str = ""
    take: int | None = None
    """The number of the take; None: the chosen one."""
    withdraw: bool = False
    """Earlier approvals no longer count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RateOptions:
    """What a person thinks of takes."""

    by: str | None = None
    """Who says it; None: git's user.name, else the login."""
    stars: int | None = None
    """1 to 5; None: as they were."""
    note: str | None = None
    """None: as it was."""
    take: int | None = None
    """The number of the take; None: the chosen one."""
    withdraw: bool = False
    """What the same person said before no longer counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """Whoever started a run: asked before money is spent, told of progress, able to stop it."""

    confirm: Callable[[Plan], None]
    """Is shown the plan before anything is spent; raises PolicyError to refuse."""
    notify: Callable[[Progress], None]
    stop: threading.Event
