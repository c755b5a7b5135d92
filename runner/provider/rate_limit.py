"""How fast one vendor may be asked, and whether it may be asked at all."""

from __future__ import annotations

from collections import deque
from typing import TypeAlias

import tenacity

from runner.records.endings import ProviderClosed, TooManyUnknown

Closed: TypeAlias = ProviderClosed | TooManyUnknown
"""Why a provider takes nothing more in this run."""

MAX_DOUBTS = 3
"""So many submits without a proven outcome stop further ones to this vendor in this run."""
MAX_RETRY_AFTER_S = 300.0


class Tries:
    """One counter of tries, with full jitter between them; a server's own Retry-After wins, up to a ceiling."""

    def __init__(self, *, most: int, first_s: float, most_s: float, least_s: float = 0.0) -> None:
        self.most = most
        self._state = tenacity.RetryCallState(None, None, (), {})  # type: ignore[arg-type]  # only its counter is read
        self._wait = tenacity.wait_fixed(least_s) + tenacity.wait_random_exponential(multiplier=first_s, max=most_s)

    @property
    def made(self) -> int:
        """How many tries have failed so far."""
        return self._state.attempt_number - 1

    def again_in_s(self, retry_after_s: float | None = None) -> float | None:
        """Count a failed try; return the seconds to wait before the next one, or None when there is none left."""
        wait_s = self._wait(self._state)
        self._state.attempt_number += 1
        if self.made >= self.most:
            return None
        return wait_s if retry_after_s is None else min(retry_after_s, MAX_RETRY_AFTER_S)


class Pace:
    """One vendor in one run: its slots, its documented rate, its holds, its doubts."""

    def __init__(self, *, slots: int, window: tuple[int, float] | None) -> None:
        self._slots = slots
        self._window = window
        self._recent: deque[float] = deque()
        self._held_until = 0.0
        self._doubts = 0
        self.inside = 0
        """Jobs that are submitted and not finished by the vendor."""
        self.closed: Closed | None = None

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

    def close(self, why: Closed) -> None:
        """Let no further submit go in this run."""
        self.closed = self.closed or why

    def doubt(self, title: str) -> None:
        """Count a submit without a proven outcome; after MAX_DOUBTS of them the vendor is closed."""
        self._doubts += 1
        if self._doubts >= MAX_DOUBTS:
            self.close(TooManyUnknown(provider=title, count=MAX_DOUBTS))
