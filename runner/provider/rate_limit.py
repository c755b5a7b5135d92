"""How fast requests may be submitted to one provider, and when no more may be."""

from __future__ import annotations

import random
from collections import deque
from typing import TYPE_CHECKING, TypeAlias

from runner.provider.poll_times import PollTimes
from runner.provider.ready_times import ReadyTimes
from runner.provider.slots import PAUSE_S, Slots
from runner.records.endings import ProviderClosed, TooManyUnknown, TooMuchBadContent
from runner.records.limits import DEFAULT_LIMITS

if TYPE_CHECKING:
    from runner.provider.slots import Slot
    from runner.records.limits import Limits


Closed: TypeAlias = ProviderClosed | TooManyUnknown | TooMuchBadContent
"""Why a provider gets no more requests in this run."""


class Backoff:
    """A counter of tries, with full jitter between them; a server's own Retry-After wins, up to a limit.

    The waits are drawn between `min_s` and a bound that starts at `first_s` above it and doubles up to `max_s`.
    """

    __slots__ = ("_first_s", "_limits", "_max_s", "_min_s", "failed", "tries")

    def __init__(self, limits: Limits, *, tries: int, first_s: float, max_s: float, min_s: float = 0.0) -> None:
        self._limits = limits
        self.tries = tries
        self.failed = 0
        """How many tries have failed so far."""
        self._first_s, self._max_s, self._min_s = first_s, max_s, min_s

    def next_wait_s(self, retry_after_s: float | None = None) -> float | None:
        """Count a failed try; return the seconds to wait before the next one, or None when there is none left."""
        bound_s = min(self._max_s, self._first_s * 2**self.failed)
        self.failed += 1
        if self.failed >= self.tries:
            return None
        if retry_after_s is not None:
            return min(retry_after_s, self._limits.max_retry_after_s)
        return (self._min_s + random.uniform(0, bound_s)) * self._limits.wait_scale  # noqa: S311 - no secret


class RateLimit:
    """One provider in one run: its slots, its documented rate, its pauses, its unknown payments, its bad content.

    `slots` is the most that it may have; `learned` how many an earlier run has found it to have.
    """

    def __init__(
        self,
        *,
        slots: int,
        window: tuple[int, float] | None,
        limits: Limits = DEFAULT_LIMITS,
        learned: int | None = None,
    ) -> None:
        self._limits = limits
        self._slots = Slots(slots, learned=learned, scale=limits.wait_scale)
        self._window = window
        self._recent: deque[float] = deque()
        self._paused_until = 0.0
        self._served_at: float | None = None
        """When it last accepted a request, or got its first one."""
        self.is_always_busy = False
        """Whether it has accepted nothing for so long that it gets no more."""
        self._unknown = 0
        self._bad = 0
        self._polls = PollTimes(limits.polls_per_s)
        self.ready_times = ReadyTimes()
        self.closed: Closed | None = None

    @property
    def in_flight(self) -> int:
        """The number of jobs that are submitted and not finished by the provider."""
        return self._slots.in_use

    @property
    def learned(self) -> int | None:
        """How many slots it was found to have; None when that is not less than it may have."""
        return self._slots.learned

    def wait_s(self, now: float) -> float | None:
        """Return the seconds until a request may be submitted, 0 for now; None when a slot has to become free first."""
        free_at = self._slots.free_at()
        if free_at is None:
            return None
        wait_s = max(0.0, self._paused_until - now, free_at - now)
        if self._window is not None:
            count, within_s = self._window
            while self._recent and self._recent[0] <= now - within_s:
                self._recent.popleft()
            if len(self._recent) >= count:
                wait_s = max(wait_s, self._recent[0] + within_s - now)
        return wait_s

    def acquire(self, now: float) -> Slot:
        """Take a slot for a request submitted now."""
        if self._window is not None:
            self._recent.append(now)
        self._served_at = now if self._served_at is None else self._served_at
        return self._slots.take(now)

    def hold(self, now: float) -> Slot:
        """Take a slot for a request that the provider accepted in an earlier run, whether one is free or not."""
        slot = self._slots.take(now)
        self._slots.accepted(slot, now)
        return slot

    def release(self) -> None:
        """Release a slot: the provider has finished that job, or has not accepted it."""
        self._slots.give_back()

    def accept(self, slot: Slot, now: float) -> None:
        """Note that the provider has accepted a request."""
        self._slots.accepted(slot, now)
        self._served_at = now

    def refuse(self, slot: Slot, tries: Backoff, *, now: float, retry_after_s: float | None) -> bool:
        """Note that the provider refused a request as too many, whose slot is released; return whether it may be sent again.

        While other jobs are in flight the provider is full, which costs none of the job's tries. Otherwise it gets nothing
        until the next try.
        """
        self._slots.refused(slot, now)
        if self.in_flight:
            self.pause_until(now + min(retry_after_s or 0.0, self._limits.max_retry_after_s))
            return True
        wait_s = tries.next_wait_s(retry_after_s)
        if wait_s is None:
            served_at = now if self._served_at is None else self._served_at
            self.is_always_busy = now - served_at >= self._limits.max_busy_s
            return False
        # Also where it asks for no pause: the refused job is back in the queue before the next one has its turn.
        self.pause_until(now + max(wait_s, PAUSE_S * self._limits.wait_scale))
        return True

    @property
    def is_filling(self) -> bool:
        """Whether each job that it accepts lets another one be submitted."""
        return self._slots.is_growing and self.closed is None

    def poll_at(self, due: float, now: float) -> float:
        """Return when a poll that is due is made: then, or later where other polls take that moment."""
        return self._polls.take(due, now)

    def pause_until(self, until: float) -> None:
        """Submit nothing before `until`: the provider asked for a pause."""
        self._paused_until = max(self._paused_until, until)

    def close(self, why: Closed) -> None:
        """Submit nothing more to this provider in this run."""
        self.closed = self.closed or why

    def count_unknown(self, title: str) -> None:
        """Count a submission with unknown payment status; after a few of them the provider is closed."""
        self._unknown += 1
        if self._unknown >= self._limits.max_unknown_payments:
            self.close(TooManyUnknown(provider=title, count=self._unknown))

    def count_bad_content(self, title: str) -> None:
        """Count a piece that cannot be played; after a few of them the provider is closed."""
        self._bad += 1
        if self._bad >= self._limits.max_bad_content:
            self.close(TooMuchBadContent(provider=title, count=self._bad))
