"""Permission to submit: each provider's slots and pace, the -j of the run, the budget, and what closes a provider."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

from runner.plan.budget import Budget
from runner.provider.rate_limit import RateLimit
from runner.records.endings import FailedFast, ReceiptUnwritten
from runner.records.result import Result

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from runner.engine.effects import PollTurn, RunSettings, Turn, World
    from runner.records.endings import Skipped
    from runner.records.outcome import Outcome

T = TypeVar("T")


class Turns(Generic[T]):
    """The jobs that wait for the permission to submit, in their order at each provider."""

    def __init__(self, settings: RunSettings, world: World) -> None:
        self._settings, self._world = settings, world
        self._budget = Budget(limit=settings.budget_usd)
        self._waiting: dict[str, deque[tuple[T, Turn]]] = {name: deque() for name in settings.providers}
        self.rate_limits = {
            name: RateLimit(
                slots=access.provider.max_in_flight,
                window=access.provider.submits,
                limits=world.limits,
                learned=settings.slots.get(name),
            )
            for name, access in settings.providers.items()
        }
        self._has_failed = False

    def add(self, waiting: T, turn: Turn) -> None:
        """Let a job wait for its turn."""
        queue = self._waiting[turn.provider]
        (queue.appendleft if turn.again else queue.append)((waiting, turn))

    def clear(self) -> None:
        """Forget all that wait."""
        for waiting in self._waiting.values():
            waiting.clear()

    def settle(self, job: str, spent_usd: Decimal | None) -> None:
        """Note what a job that has ended was charged; None where that is unknown."""
        self._budget.settle(job, spent_usd)

    def note(self, outcome: Outcome) -> None:
        """Note that a job ends: with --fail-fast, no other one gets its turn after a failure."""
        self._has_failed = self._has_failed or outcome.result is Result.FAILED

    def give(self, *, broken: str | None, oldest_fetch: float | None) -> Iterator[tuple[T, Skipped | None]]:
        """Yield each job whose turn it is with None, or with its refusal. It has to take its slot before the next is asked for.

        `broken`: why a receipt could not be written; `oldest_fetch`: since when a finished job waits for its download.
        """
        for provider, waiting in self._waiting.items():
            rate_limit = self.rate_limits[provider]
            while waiting:
                job, turn = waiting[0]
                refusal = self._refusal(turn, broken)
                now = self._world.monotonic()
                if refusal is None and (self._is_full(now, oldest_fetch) or rate_limit.wait_s(now) != 0.0):
                    break
                waiting.popleft()
                if refusal is None:
                    self._budget.reserve(turn.job, turn.worst)
                yield job, refusal

    def poll_at(self, turn: PollTurn) -> float:
        """Return the moment of a poll."""
        now = self._world.monotonic()
        return self.rate_limits[turn.provider].poll_at(now + turn.seconds, now)

    def is_filling(self, provider: str) -> bool:
        """Return whether jobs wait for nothing but this machine and the answers of a provider that accepts all it gets."""
        rate_limit, now = self.rate_limits[provider], self._world.monotonic()
        waits = self._waiting[provider] and rate_limit.is_filling and not rate_limit.wait_s(now)
        return bool(waits) and not self._is_full(now, None)

    def wait_s(self) -> float:
        """Return the seconds until a rate limit, and nothing else, lets a waiting job submit."""
        now = self._world.monotonic()
        waits = [self.rate_limits[provider].wait_s(now) for provider, waiting in self._waiting.items() if waiting]
        return min((wait for wait in waits if wait), default=self._world.limits.stop_check_s)

    def _is_full(self, now: float, oldest_fetch: float | None) -> bool:
        """Return whether -j jobs are at providers, or a finished one has waited so long that its link may expire."""
        if sum(rate_limit.in_flight for rate_limit in self.rate_limits.values()) >= self._settings.jobs:
            return True
        return oldest_fetch is not None and now - oldest_fetch > self._world.limits.max_fetch_wait_s

    def _refusal(self, turn: Turn, broken: str | None) -> Skipped | None:
        closed = self.rate_limits[turn.provider].closed
        if closed is not None:
            return closed
        if broken is not None:
            return ReceiptUnwritten(why=broken)
        if self._settings.fail_fast and self._has_failed:
            return FailedFast()
        return self._budget.refusal(turn.job, turn.worst)
