"""How fast requests may be submitted to one provider, and when no more may be."""

from __future__ import annotations

import random
from collections import deque
from typing import TYPE_CHECKING, TypeAlias

from runner.provider.poll_times import PollTimes
from runner.records.endings import ProviderClosed, TooManyUnknown, TooMuchBadContent
from runner.records.limits import DEFAULT_LIMITS

if TYPE_CHECKING:
    from runner.records.limits import Limits


Closed: TypeAlias = ProviderClosed | TooManyUnknown | TooMuchBadContent
"""Why a provider gets no more requests in this run."""


class Backoff:
    """A counter of tries, with full jitter between them; a server's own Retry-After wins, up to a limit.

    The waits are drawn between `min_s` and a bound that starts at `first_s` above it and doubles up to `max_s`.
    """

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
    """One provider in one run: its slots, its documented rate, its pauses, its unknown payments, its bad content."""

    def __init__(self, *, slots: int, window: tuple[int, float] | None, limits: Limits = DEFAULT_LIMITS) -> None:
        self._limits = limits
        self._slots = slots
        self._window = window
        self._recent: deque[float] = deque()
        self._paused_until = 0.0
        self._unknown = 0
        self._bad = 0
        self._polls = PollTimes(limits.polls_per_s)
        self.in_flight = 0
        """Jobs that are submitted and not finished by the provider."""
        self.closed: Closed | None = None

    def wait_s(self, now: float) -> float | None:
        """Return the seconds until a request may be submitted, 0 for now; None when a slot has to become free first."""
        if self.in_flight >= self._slots:
            return None
        wait_s = max(0.0, self._paused_until - now)
        if self._window is not None:
            count, within_s = self._window
            while self._recent and self._recent[0] <= now - within_s:
                self._recent.popleft()
            if len(self._recent) >= count:
                wait_s = max(wait_s, self._recent[0] + within_s - now)
        return wait_s

    def acquire(self, now: float) -> None:
        """Take a slot for a request submitted now."""
        self.in_flight += 1
        self._recent.append(now)

    def release(self) -> None:
        """Release a slot: the provider has finished that job."""
        self.in_flight -= 1

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
