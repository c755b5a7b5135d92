"""What a command line asks of the main line, and what it gets back."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from runner.plan.selection import Wanted
from runner.records.limits import DEFAULT_LIMITS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.catalog.models import Catalog
    from runner.plan.saved import Saved
    from runner.records.limits import Limits
    from runner.records.outcome import Outcome
    from runner.records.pipeline import Pipeline
    from runner.records.plan import Plan
    from runner.records.request import Request
    from runner.records.source import Problem
    from runner.state.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a command line asks of the main line."""

    file: str | None = None
    profile: str | None = None
    vars: Mapping[str, str] = field(default_factory=dict)
    wanted: Wanted = field(default_factory=Wanted)
    force: bool = False
    rehearse: bool = False
    env: Mapping[str, str] = field(default_factory=dict)
    saved: Saved | None = None
    """A plan that was saved: whatever differs from it is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A pipeline that is right: its project, its requests in the order of the file, and warnings."""

    project: Project
    pipeline: Pipeline
    catalog: Catalog
    requests: tuple[Request, ...]
    warnings: tuple[Problem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """How to run what is planned."""

    jobs: int = 8
    fail_fast: bool = False
    max_cost: Decimal | None = None
    locked: bool = False
    """Refuse when anything would have to be made."""
    offline: bool = False
    """Ask no vendor: what only a vendor can do is left as it is."""
    lock_timeout_s: float = 0.0
    listen: str | None = None
    """HOST:PORT where vendors' callbacks are heard, reached from outside as `public_url`."""
    public_url: str | None = None
    limits: Limits = DEFAULT_LIMITS
    """Bounds on time, tries and size; tests set their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a run did."""

    project: Project
    plan: Plan
    outcomes: tuple[Outcome, ...]
    interrupted: bool = False

    @property
    def spent_usd(self) -> Decimal | None:
        """What this run was charged, in USD; None when a part of it is not known."""
        amounts = [outcome.spent_usd for outcome in self.outcomes if outcome.spent_usd is not None]
        known = len(amounts) == sum(outcome.result.may_have_paid for outcome in self.outcomes)
        return sum(amounts, Decimal(0)) if known else None
