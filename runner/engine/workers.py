"""The thread pool of a run, and the inbox through which workers and callbacks send messages to the loop.

A worker does one piece of work (a submission, a poll, a download) and puts its result or error into the inbox. Before the
first byte of a submission it puts ReadyToSend there and waits until the loop has written the row that must be durable.
"""

from __future__ import annotations

import queue
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from types import TracebackType
    from typing import Any, Self

    from runner.engine.effects import Work

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ReadyToSend:
    """A worker is between its connection and its first byte and waits at the gate."""

    work: Work
    _opened: threading.Event = field(default_factory=threading.Event)
    _errors: list[Exception] = field(default_factory=list)

    def open_gate(self, prepare: Callable[[], None]) -> None:
        """Run `prepare` and let the worker continue; an error of `prepare` is raised in the worker, which then sends nothing."""
        try:
            prepare()
        except Exception as error:  # noqa: BLE001 - it is raised again in the worker
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


Message: TypeAlias = "ReadyToSend | Finished[T] | Wake"


class Workers(Generic[T]):
    """A pool of threads and its inbox. Use as a context; leaving it waits for every worker."""

    def __init__(self, count: int) -> None:
        self._pool = ThreadPoolExecutor(max_workers=count, thread_name_prefix="work")
        self._inbox: queue.SimpleQueue[Message[T]] = queue.SimpleQueue()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=True)

    def start(self, owner: T, work: Work) -> None:
        """Do a piece of work in another thread; `Finished` follows in any case."""
        self._pool.submit(self._do, owner, work)

    def follow(self, owner: T, future: Future[Any]) -> None:
        """Put the result of work that another executor does into the inbox: `Finished` follows in any case."""
        future.add_done_callback(lambda done: self._inbox.put(_finished(owner, done)))

    def wake(self, attempt: str) -> None:
        """Tell the loop that an attempt has ended. Safe to call from any thread."""
        self._inbox.put(Wake(attempt))

    def next_message(self, timeout_s: float) -> Message[T] | None:
        """Return the next message, or None after `timeout_s` without one."""
        try:
            return self._inbox.get(timeout=timeout_s)
        except queue.Empty:
            return None

    def _do(self, owner: T, work: Work) -> None:
        try:
            value = work.call(lambda: self._wait_at_gate(work))
        except Exception as error:  # noqa: BLE001 - it is raised again in the job that waits for it
            self._inbox.put(Finished(owner, error=error))
        else:
            self._inbox.put(Finished(owner, value=value))

    def _wait_at_gate(self, work: Work) -> None:
        ready = ReadyToSend(work)
        self._inbox.put(ready)
        ready.wait()


def _finished(owner: T, done: Future[Any]) -> Finished[T]:
    try:
        return Finished(owner, value=done.result())
    except Exception as error:  # noqa: BLE001 - it is raised again in the job that waits for it
        return Finished(owner, error=error)
