"""When a job is best polled: what is learned from how long the jobs before it took."""

from __future__ import annotations

from collections import deque

KEPT = 16
"""So many of the latest jobs of a model count."""
WAITED = 256
"""So many of them tell until when jobs were seen waiting: one that is polled when it is expected tells nothing of that."""
PARTS = 4
"""Before a job is expected to be ready it is polled at each of so many parts of that time: it may take less than the others."""
_AT_ONCE = 0.1
"""Of an interval: a job that is expected so soon after a poll is not polled again for that."""
_NARROW = 0.25
"""Of an interval: a moment that is known so well is not looked for any more."""


class ReadyTimes:
    """How long the latest jobs of each model took. Times are seconds since a job was accepted."""

    def __init__(self) -> None:
        self._seen: dict[str, deque[tuple[float, float]]] = {}
        """Model → when its jobs were last seen waiting, and first seen ready."""
        self._waited: dict[str, deque[float]] = {}
        """Model → when more of its jobs were last seen waiting."""
        self._expected: dict[str, tuple[float, float]] = {}
        """Model → when a job is first looked for, and when all jobs so far were ready, where they may all take the same time."""

    def wait_s(self, model: str, *, age_s: float, usual_s: float) -> float:
        """Return the seconds until a job of this age is best polled; `usual_s` where nothing is known, and once it is overdue."""
        for expected_s in self._expected.get(model, ()):
            left_s = expected_s - age_s
            if left_s >= _AT_ONCE * usual_s:
                return min(left_s, max(usual_s, expected_s / PARTS))
        return usual_s

    def note(self, model: str, *, waiting_s: float, ready_s: float, poll_s: float) -> None:
        """Note when a job was last seen waiting, and then ready. Its provider is polled every `poll_s`."""
        seen = self._seen.setdefault(model, deque(maxlen=KEPT))
        waited = self._waited.setdefault(model, deque(maxlen=WAITED))
        seen.append((waiting_s, ready_s))
        waited.append(waiting_s)
        waiting, ready = max(waited), min(ready for _, ready in seen)
        if waiting < ready:  # all of them may have taken the same time
            expected = ready if ready - waiting < _NARROW * poll_s else (waiting + ready) / 2
        else:
            took = [ready - min(ready - waiting, poll_s) / 2 for waiting, ready in seen]
            expected = ready = min(took, key=lambda first: (_late_s(took, first, poll_s), -first))
        self._expected[model] = (expected, ready)


def _late_s(took: list[float], first: float, poll_s: float) -> float:
    """Return how late jobs are seen to be ready, all together, that are polled at `first` and every `poll_s` after it."""
    return sum(first - ready if ready < first else (first - ready) % poll_s for ready in took)
