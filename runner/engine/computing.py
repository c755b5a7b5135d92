"""Processor time from any executor, whose processes and machines may be lost in the middle of a task."""

from __future__ import annotations

import threading
from concurrent.futures import CancelledError, Executor, Future
from functools import partial
from typing import TYPE_CHECKING, Any

from runner.audio.tasks import Result, perform, versions
from runner.errors import ScorefileError

if TYPE_CHECKING:
    from collections.abc import Callable

TRIES = 3


class ComputeFailed(ScorefileError):
    """An executor lost a task too often. What was to be measured stays paid for: the next run fetches it free of charge."""


class RepeatingExecutor(Executor):
    """An executor that does a task again when the pool behind it loses it, in a new pool if that one is broken.

    A task may thus be done more than once. `open_pool` raises when no pool can be had any more. `where` names the pool in
    errors, `remedy` says what helps.
    """

    def __init__(self, open_pool: Callable[[], Executor], *, where: str, remedy: str) -> None:
        self._open_pool, self._where, self._remedy = open_pool, where, remedy
        self._pool = open_pool()
        self._lock = threading.Lock()
        self._closed = False

    def submit(self, call: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        """Do a task; its own errors are raised as they are, ComputeFailed when the pool loses it TRIES times."""
        answer: Future[Any] = Future()
        self._start(answer, partial(perform, versions(), partial(call, **named) if named else call, *args), TRIES)
        return answer

    def shutdown(self, wait: bool = True, **_more: Any) -> None:
        """End the pool."""
        with self._lock:
            self._closed = True
        self._pool.shutdown(wait=wait)

    def _start(self, answer: Future[Any], task: Callable[[], Result], tries: int) -> None:
        with self._lock:
            pool = self._pool
        try:
            future = pool.submit(task)
        except Exception as error:  # noqa: BLE001 - whatever a pool raises is no error of the task
            self._lost(answer, task, tries, pool, error)
        else:
            future.add_done_callback(partial(self._ended, answer, task, tries, pool))

    def _ended(
        self, answer: Future[Any], task: Callable[[], Result], tries: int, pool: Executor, future: Future[Result]
    ) -> None:
        error = CancelledError() if future.cancelled() else future.exception()
        if error is not None:
            self._lost(answer, task, tries, pool, error)
            return
        result = future.result()
        if result.error is not None:
            answer.set_exception(result.error)
        else:
            answer.set_result(result.value)

    def _lost(
        self, answer: Future[Any], task: Callable[[], Result], tries: int, pool: Executor, error: BaseException
    ) -> None:
        try:
            if tries <= 1 or self._closed:
                raise error
            self._replace(pool)
        except BaseException as last:  # noqa: BLE001 - it is raised again in the job that waits for the answer
            why = str(last) or type(last).__name__
            answer.set_exception(ComputeFailed(f"{self._where} lost a task: {why}", help=self._remedy))
        else:
            self._start(answer, task, tries - 1)

    def _replace(self, pool: Executor) -> None:
        """Open a new pool, unless the one that lost a task was replaced already."""
        with self._lock:
            if self._pool is pool:
                pool.shutdown(wait=False)
                self._pool = self._open_pool()
