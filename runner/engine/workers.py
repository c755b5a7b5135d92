"""The threads of a run, and the inbox through which they and callbacks send messages to the loop.

A worker does one piece of work (a submission, a poll, a download) and puts its result or error into the inbox. Before the
first byte of a submission it puts ReadyToSend there and waits until the loop has written the row that must be durable.
"""

from __future__ import annotations

import queue
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

from runner.engine.effects import Lane

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future
    from types import TracebackType
    from typing import Any, Self

    from runner.engine.effects import Work

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ReadyToSend(Generic[T]):
    """A worker is between its connection and its first byte and waits at the gate."""

    owner: T
    work: Work
    _opened: threading.Event = field(default_factory=threading.Event)
    _errors: list[Exception] = field(default_factory=list)

    def open_gate(self) -> None:
        """Let the worker send."""
        self._opened.set()

    def refuse(self, error: Exception) -> None:
        """Raise an error in the worker, which then sends nothing."""
        self._errors.append(error)
        self._opened.set()

    def wait(self) -> None:
        """Wait, in the worker, until the gate is open."""
        self._opened.wait()
        if self._errors:
            raise self._errors[0]


@dataclass(frozen=True, slots=True)
class Finished(Generic[T]):
    """A piece of work has ended; `owner` is the job that it was done for."""

    owner: T
    value: object = None
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class Wake:
    """A callback says that an attempt has ended."""

    attempt: str


Message: TypeAlias = "ReadyToSend[T] | Finished[T] | Wake"


class Workers(Generic[T]):
    """A pool of threads for each lane, and their inbox. Use as a context; leaving it waits for every worker."""

    def __init__(self, jobs: int) -> None:
        self._pools = {lane: ThreadPoolExecutor(lane.threads(jobs), thread_name_prefix=lane) for lane in Lane}
        self._inbox: queue.SimpleQueue[Message[T]] = queue.SimpleQueue()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        for pool in self._pools.values():
            pool.shutdown(wait=True)

    def start(self, owner: T, work: Work) -> None:
        """Do a piece of work in another thread; `Finished` follows in any case."""
        self._pools[work.lane].submit(self._do, owner, work)

    def follow(self, owner: T, future: Future[Any]) -> None:
        """Put the result of work that another executor does into the inbox: `Finished` follows in any case."""
        future.add_done_callback(lambda done: self._inbox.put(_finished(owner, done)))

    def wake(self, attempt: str) -> None:
        """Tell the loop that an attempt has ended. Safe to call from any thread."""
        self._inbox.put(Wake(attempt))

    def messages(self, timeout_s: float) -> Iterator[Message[T]]:
        """Yield all messages that are there, after waiting for the first one, `timeout_s` at most."""
        try:
            yield self._inbox.get(timeout=timeout_s) if timeout_s else self._inbox.get_nowait()
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
        ready.wait()


def _finished(owner: T, done: Future[Any]) -> Finished[T]:
    try:
        return Finished(owner, value=done.result())
    except Exception as error:  # noqa: BLE001 - it is raised again in the job that waits for it
        return Finished(owner, error=error)
