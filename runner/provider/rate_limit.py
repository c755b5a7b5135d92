"""How fast one vendor may be asked, and whether it may be asked at all."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.records.limits import DEFAULT_LIMITS

if TYPE_CHECKING:
    from runner.records.limits import Limits
    from runner.records.provider import ErrorGroup


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a submit may not be made in this run."""

    message: str
    help: str | None = None
    group: ErrorGroup | None = None


class Tries:
    """One counter of tries, with full jitter between them; a server's own Retry-After wins, up to a ceiling.

    The waits are drawn between `least_s` and a bound that starts at `first_s` above it and doubles up to `most_s`.
    """

    def __init__(self, limits: Limits, *, most: int, first_s: float, most_s: float, least_s: float = 0.0) -> None:
        self._limits = limits
        self.most = most
        self.made = 0
        """How many tries have failed so far."""
        self._first_s, self._most_s, self._least_s = first_s, most_s, least_s

    def again_in_s(self, retry_after_s: float | None = None) -> float | None:
        """Count a failed try; return the seconds to wait before the next one, or None when there is none left."""
        bound_s = min(self._most_s, self._first_s * 2**self.made)
        self.made += 1
        if self.made >= self.most:
            return None
        if retry_after_s is not None:
            return min(retry_after_s, self._limits.max_retry_after_s)
        return (self._least_s + random.uniform(0, bound_s)) * self._limits.wait_scale  # noqa: S311 - no secret


class Pace:
    """One vendor in one run: its slots, its documented rate, its holds, its doubts."""

    def __init__(self, *, slots: int, window: tuple[int, float] | None, limits: Limits = DEFAULT_LIMITS) -> None:
        self._limits = limits
        self._slots = slots
        self._window = window
        self._recent: deque[float] = deque()
        self._held_until = 0.0
        self._doubts = 0
        self.inside = 0
        """Jobs that are submitted and not finished by the vendor."""
        self.closed: Refusal | None = None

    def wait_s(self, now: float) -> float | None:
        """Return how long until a submit may be made: 0 now, None when only a freed slot can tell."""
        if self.inside >= self._slots:
            return None
        wait_s = max(0.0, self._held_until - now)
        if self._window is not None:
            count, within_s = self._window
            while self._recent and self._recent[0] <= now - within_s:
                self._recent.popleft()
            if len(self._recent) >= count:
                wait_s = max(wait_s, self._recent[0] + within_s - now)
        return wait_s

    def enter(self, now: float) -> None:
        """Take a slot for a submit made now."""
        self.inside += 1
        self._recent.append(now)

    def leave(self) -> None:
        """Give a slot back: the vendor is done with that job."""
        self.inside -= 1

    def hold(self, until: float) -> None:
        """Let no submit go before `until`: the vendor asked for a pause."""
        self._held_until = max(self._held_until, until)

    def close(self, refusal: Refusal) -> None:
        """Let no further submit go in this run."""
        self.closed = self.closed or refusal

    def doubt(self, title: str) -> None:
        """Count a submit without a proven outcome; after a few of them the vendor is closed."""
        self._doubts += 1
        if self._doubts >= self._limits.max_unknown_payments:
            self.close(Refusal(message=f"{self._doubts} submits to {title} have no proven outcome; no more are made"))
