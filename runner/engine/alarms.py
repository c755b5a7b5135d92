"""When the jobs that wait go on: a heap of due times, and which of them wait for a poll."""

from __future__ import annotations

import heapq
import itertools
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.engine.effects import PollTurn

T = TypeVar("T")


class Alarms(Generic[T]):
    """The moments at which jobs go on that wait for one. Each job has one at most."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, T]] = []
        self._numbers = itertools.count()
        self._valid: dict[T, int] = {}
        """Job → the number of its heap entry; entries with other numbers are void."""
        self._polled: dict[str, T] = {}
        """Attempt → the job that waits for its next poll."""
        self._may_wait: dict[T, PollTurn] = {}
        """The jobs whose next poll may be put off."""

    def set(self, job: T, at: float) -> None:
        """Let a job go on at a moment."""
        self._valid[job] = number = next(self._numbers)
        heapq.heappush(self._heap, (at, number, job))

    def set_poll(self, job: T, attempt: str, turn: PollTurn, at: float) -> None:
        """Let a job go on at the moment of its next poll."""
        self.set(job, at)
        self._polled[attempt] = job
        if turn.may_wait:
            self._may_wait[job] = turn

    def put_off(self, job: T) -> PollTurn | None:
        """Return the poll that a job waits for, if it may be put off: it may be once."""
        return self._may_wait.pop(job, None)

    def polled(self, attempt: str) -> T | None:
        """Return the job of this attempt if it waits for its next poll."""
        return self._polled.get(attempt)

    def next_at(self) -> float | None:
        """Return when the next job goes on; None when none waits for a moment."""
        while self._heap and self._valid.get(self._heap[0][2]) != self._heap[0][1]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def due(self, now: float) -> Iterator[T]:
        """Yield each job whose moment has come. It keeps its alarm until it is dropped or set again."""
        while (at := self.next_at()) is not None and at <= now:
            yield heapq.heappop(self._heap)[2]

    def drop(self, job: T, attempt: str) -> None:
        """Forget the alarm of a job."""
        self._valid.pop(job, None)
        self._polled.pop(attempt, None)
        self._may_wait.pop(job, None)

    def clear(self) -> None:
        """Forget all alarms."""
        for kept in (self._heap, self._valid, self._polled, self._may_wait):
            kept.clear()
