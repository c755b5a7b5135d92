"""Processor time from threads, or from processes where a run has enough to compute for these to pay."""

from __future__ import annotations

import contextlib
import threading
import time
from concurrent.futures import Executor, Future
from functools import partial
from typing import TYPE_CHECKING, Any

from runner.audio.tasks import load
from runner.engine.computing import ComputeFailed

if TYPE_CHECKING:
    from collections.abc import Callable

PAYS_S = 1.5
"""Processes are started when tasks have taken so much processor time: as much as the start of a few processes."""
MANY = 100
"""So many tasks to come pay for processes however short they are: this process need not even load the libraries."""


class GrowingExecutor(Executor):
    """An executor of threads that opens processes once: at the start where MANY `tasks` will be given, or when `pays_s` were taken.

    In the second case threads do all tasks until the first process answers. They do so again after processes have lost a task.
    """

    def __init__(
        self,
        threads: Executor,
        open_processes: Callable[[], Executor],
        *,
        count: int,
        tasks: int = 0,
        pays_s: float = PAYS_S,
    ) -> None:
        self._threads, self._open_processes = threads, open_processes
        self._count, self._pays_s = count, pays_s
        self._lock = threading.Lock()
        self._running, self._spent_s = 0, 0.0
        self._processes: Executor | None = None
        self._has_started = self._is_warm = tasks >= MANY
        self._has_lost = False
        if self._has_started:
            self._start()

    def submit(self, call: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        """Do a task; its own errors are raised as they are."""
        task, processes = partial(call, *args, **named), self._processes
        if processes is not None and self._is_warm and not self._has_lost:
            answer: Future[Any] = Future()
            processes.submit(task).add_done_callback(partial(self._ended, answer, task))
            return answer
        with self._lock:
            self._running += 1
        return self._threads.submit(self._measured, task)

    def shutdown(self, wait: bool = True, **_more: Any) -> None:
        """End threads and processes."""
        self._threads.shutdown(wait=wait)
        if self._processes is not None:
            self._processes.shutdown(wait=wait)

    def _measured(self, task: Callable[[], Any]) -> Any:
        begun = time.thread_time()
        try:
            return task()
        finally:
            with self._lock:
                self._spent_s += time.thread_time() - begun
                starts = self._spent_s > self._pays_s and self._running >= self._count and not self._has_started
                self._has_started |= starts
                self._running -= 1
            if starts:
                self._start()

    def _start(self) -> None:
        with contextlib.suppress(Exception):  # a system without semaphores, or with too many processes: threads will do
            self._processes = self._open_processes()
            self._processes.submit(load).add_done_callback(self._warmed)

    def _warmed(self, first: Future[Any]) -> None:
        self._is_warm = not first.cancelled() and first.exception() is None

    def _ended(self, answer: Future[Any], task: Callable[[], Any], done: Future[Any]) -> None:
        error = done.exception()
        if isinstance(error, ComputeFailed):
            self._has_lost = True
            try:
                self._threads.submit(task).add_done_callback(partial(_pass_on, answer))
            except RuntimeError:  # they are shut down
                answer.set_exception(error)
        else:
            _pass_on(answer, done)


def _pass_on(answer: Future[Any], done: Future[Any]) -> None:
    error = done.exception()
    if error is not None:
        answer.set_exception(error)
    else:
        answer.set_result(done.result())
