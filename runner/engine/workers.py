"""The threads of a run, and the inbox through which they and callbacks send messages to the loop.

A worker does one piece of work (a submission, a poll, a download) and puts its result or error into the inbox. Before the
first byte of a submission it puts ReadyToSend there and waits until the loop has written the row that must be durable.

Each lane begins with few threads and gets more while work waits for one and the loop is idle: threads that all want to compute
wait for each other, and each change between them costs more than a small piece of work.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

from msgspec import Struct, field

from runner.engine.effects import Lane

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future
    from types import TracebackType
    from typing import Any, Self

    from runner.engine.effects import Work

T = TypeVar("T")

LOOK_S = 0.01
"""So often the lanes are looked at while work waits in one of them."""
IDLE_SHARE = 0.5
"""A loop that waits for messages less than this share of the time is busy with what the threads have done: more of them do not help."""
LONG_S = 0.5
"""A lane that has begun nothing for so long gets more threads in any case."""


class ReadyToSend(Struct, Generic[T], frozen=True):
    """A worker is between its connection and its first byte and waits at the gate."""

    owner: T
    work: Work
    _gate: queue.SimpleQueue[Exception | None] = field(default_factory=queue.SimpleQueue)

    def open_gate(self) -> None:
        """Let the worker send."""
        self._gate.put(None)

    def refuse(self, error: Exception) -> None:
        """Raise an error in the worker, which then sends nothing."""
        self._gate.put(error)

    def wait(self) -> None:
        """Wait, in the worker, until the gate is open."""
        error = self._gate.get()
        if error is not None:
            raise error


class Finished(Struct, Generic[T], frozen=True):
    """A piece of work has ended; `owner` is the job that it was done for."""

    owner: T
    value: object = None
    error: Exception | None = None


class Wake(Struct, frozen=True):
    """A callback says that an attempt has ended."""

    attempt: str


Message: TypeAlias = "ReadyToSend[T] | Finished[T] | Wake"


class _LaneThreads(Generic[T]):
    """The threads of one lane and the work that waits for them, in its order."""

    def __init__(self, lane: Lane, most: int, do: Callable[[T, Work], None]) -> None:
        self._lane, self._most, self._do = lane, most, do
        self._waiting: queue.SimpleQueue[tuple[T, Work] | None] = queue.SimpleQueue()
        self._count, self._unfinished = threading.Lock(), 0
        self._threads: list[threading.Thread] = []
        self._begun_s = time.monotonic()
        """When the last piece of work was begun."""
        self._had_to_wait = False

    @property
    def may_grow(self) -> bool:
        """Whether work waits for a thread that could be added."""
        return len(self._threads) < self._most and not self._waiting.empty()

    def begin(self) -> None:
        """Start the first threads."""
        self._begun_s = time.monotonic()
        self._add(self._lane.first)

    def put(self, owner: T, work: Work) -> None:
        """Have a piece of work done."""
        with self._count:
            self._unfinished += 1
        self._waiting.put((owner, work))

    def grow(self, now: float, *, busy: bool) -> None:
        """Double the threads when work waits, and waited when this was last asked; not where the loop is busy without them."""
        waits = self.may_grow
        if waits and self._had_to_wait and (not busy or now - self._begun_s > LONG_S):
            # Where the system gives no more threads, those that are there do the work.
            with contextlib.suppress(RuntimeError):
                self._add(len(self._threads))
        self._had_to_wait = waits

    def join(self) -> None:
        """Wait until all work is done."""
        while self._unfinished:
            time.sleep(LOOK_S)

    def close(self) -> None:
        """End the threads after all work that waits, and wait for them."""
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join()

    def _add(self, count: int) -> None:
        for number in range(len(self._threads), min(self._most, len(self._threads) + count)):
            thread = threading.Thread(target=self._run, name=f"{self._lane.value}_{number}")
            thread.start()
            self._threads.append(thread)

    def _run(self) -> None:
        while (item := self._waiting.get()) is not None:
            self._begun_s = time.monotonic()
            try:
                self._do(*item)
            finally:
                with self._count:
                    self._unfinished -= 1
            del item  # a thread that waits keeps no job alive


class Workers(Generic[T]):
    """The threads of each lane, and their inbox. Use as a context: entering starts threads, leaving waits for every one."""

    def __init__(self, jobs: int) -> None:
        self._inbox: queue.SimpleQueue[Message[T]] = queue.SimpleQueue()
        self._lanes = {lane: _LaneThreads(lane, lane.threads(jobs), self._do) for lane in Lane}
        self._looked_s, self._idle_s = time.monotonic(), 0.0
        self._abandoned: Exception | None = None

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as begun:
            begun.callback(self._close)
            for lane in self._lanes.values():
                lane.begin()
            begun.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._close()

    def _close(self) -> None:
        for lane in self._lanes.values():
            lane.close()

    def start(self, owner: T, work: Work) -> None:
        """Do a piece of work in another thread; `Finished` follows in any case."""
        self._lanes[work.lane].put(owner, work)

    @property
    def may_grow(self) -> bool:
        """Whether `grow` should be called again soon."""
        return any(lane.may_grow for lane in self._lanes.values())

    def grow(self) -> None:
        """Add threads to the lanes in which work waits. Does something every LOOK_S at most."""
        now = time.monotonic()
        passed_s = now - self._looked_s
        if passed_s < LOOK_S:
            return
        for lane in self._lanes.values():
            lane.grow(now, busy=self._idle_s < IDLE_SHARE * passed_s)
        self._looked_s, self._idle_s = now, 0.0

    def follow(self, owner: T, future: Future[Any]) -> None:
        """Put the result of work that another executor does into the inbox: `Finished` follows in any case."""
        future.add_done_callback(lambda done: self._inbox.put(_finished(owner, done)))

    def wake(self, attempt: str) -> None:
        """Tell the loop that an attempt has ended. Safe to call from any thread."""
        self._inbox.put(Wake(attempt))

    def abandon(self, waiting: Iterable[ReadyToSend[T]], error: Exception) -> None:
        """Let no worker wait at its gate any more: whoever is there, or comes there, gets the error and sends nothing.

        Returns when all others have ended, too; their results are in the inbox.
        """
        self._abandoned = error
        kept = [*self.messages(0.0)]
        for message in (*waiting, *kept):
            if isinstance(message, ReadyToSend):
                message.refuse(error)
        for lane in self._lanes.values():
            lane.join()
        for message in kept:
            if not isinstance(message, ReadyToSend):
                self._inbox.put(message)

    def messages(self, timeout_s: float) -> Iterator[Message[T]]:
        """Yield all messages that are there, after waiting for the first one, `timeout_s` at most."""
        began_s = time.monotonic()
        try:
            try:
                first = self._inbox.get(timeout=timeout_s) if timeout_s else self._inbox.get_nowait()
            finally:
                self._idle_s += time.monotonic() - began_s
            yield first
            while True:
                yield self._inbox.get_nowait()
        except queue.Empty:
            return

    def _do(self, owner: T, work: Work) -> None:
        try:
            value = work.call(lambda: self._wait_at_gate(owner, work))
        except Exception as error:  # noqa: BLE001 - it is raised again in the job that waits for it
            self._inbox.put(Finished(owner, error=error))
        else:
            self._inbox.put(Finished(owner, value=value))

    def _wait_at_gate(self, owner: T, work: Work) -> None:
        ready = ReadyToSend(owner, work)
        self._inbox.put(ready)
        if self._abandoned is not None:
            raise self._abandoned
        ready.wait()


def _finished(owner: T, done: Future[Any]) -> Finished[T]:
    try:
        return Finished(owner, value=done.result())
    except Exception as error:  # noqa: BLE001 - it is raised again in the job that waits for it
        return Finished(owner, error=error)
