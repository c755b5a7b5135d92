"""Threads that get processes beside them: only where they pay, and nothing is lost where they fail."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any

import pytest

from runner.engine.computing import ComputeFailed, RepeatingExecutor
from runner.engine.growing import MANY, GrowingExecutor
from runner.state.files.processes import process_pool


class Pool(Executor):
    """Does each task at once, but for the first `losses` of them after the first one."""

    def __init__(self, losses: int = 0) -> None:
        self.losses, self.tasks, self.opened = losses, 0, 0

    def open(self) -> Executor:
        """Count how often it was opened."""
        self.opened += 1
        return self

    def submit(self, call: Any, /, *args: Any, **_more: Any) -> Future[Any]:
        """Do a task, or lose it."""
        done: Future[Any] = Future()
        self.tasks += 1
        if 1 < self.tasks <= 1 + self.losses:
            done.set_exception(ComputeFailed("a process lost a task"))
            return done
        try:
            done.set_result(call(*args))
        except ValueError as error:
            done.set_exception(error)
        return done


def growing(pool: Pool, *, count: int = 1, tasks: int = 0, pays_s: float = 0.0) -> GrowingExecutor:
    return GrowingExecutor(ThreadPoolExecutor(2), pool.open, count=count, tasks=tasks, pays_s=pays_s)


def busy() -> str:
    end = time.thread_time() + 0.01
    while time.thread_time() < end:
        pass
    return threading.current_thread().name


def test_little_work_opens_no_process() -> None:
    pool = Pool()
    with growing(pool, pays_s=60.0) as tasks:
        assert {tasks.submit(pow, 2, number).result() for number in range(4)} == {1, 2, 4, 8}
    assert pool.opened == 0


def test_many_tasks_to_come_open_processes_at_once_and_threads_do_none_of_them() -> None:
    pool = Pool()
    with growing(pool, tasks=MANY) as tasks:
        assert pool.opened == 1
        for _ in range(3):
            assert tasks.submit(busy).result() == threading.current_thread().name


def test_few_tasks_to_come_open_no_process_before_they_have_taken_long() -> None:
    pool = Pool()
    with growing(pool, tasks=MANY - 1, pays_s=60.0) as tasks:
        assert tasks.submit(busy).result() != threading.current_thread().name
    assert pool.opened == 0


def test_many_tasks_are_done_by_threads_where_a_system_has_no_processes() -> None:
    def refuse() -> Executor:
        raise OSError("no semaphores")

    with GrowingExecutor(ThreadPoolExecutor(2), refuse, count=1, tasks=MANY) as tasks:
        assert tasks.submit(pow, 2, 3).result() == 8


def test_much_work_that_never_waits_opens_no_process() -> None:
    pool = Pool()
    with growing(pool, count=2) as tasks:
        for _ in range(4):
            tasks.submit(busy).result()
    assert pool.opened == 0


def test_work_that_waits_opens_processes_once_and_they_do_what_follows() -> None:
    pool = Pool()
    with growing(pool) as tasks:
        assert tasks.submit(busy).result() != threading.current_thread().name
        for _ in range(3):
            assert tasks.submit(busy).result() == threading.current_thread().name
    assert (pool.opened, pool.tasks) == (1, 4)


def test_a_task_that_processes_lose_is_done_by_threads_and_so_are_those_after_it() -> None:
    pool = Pool(losses=1)
    with growing(pool) as tasks:
        tasks.submit(busy).result()
        for _ in range(3):
            assert tasks.submit(busy).result() != threading.current_thread().name
    assert pool.tasks == 2


def test_an_error_of_a_task_is_raised_wherever_it_was_done() -> None:
    with growing(Pool()) as tasks:
        for _ in range(3):
            with pytest.raises(ValueError, match="invalid literal"):
                tasks.submit(int, "x").result()


def test_a_system_that_has_no_processes_is_no_error() -> None:
    def refuse() -> Executor:
        raise OSError("no semaphores")

    with GrowingExecutor(ThreadPoolExecutor(2), refuse, count=1, pays_s=0.0) as tasks:
        for _ in range(3):
            assert tasks.submit(pow, 2, 3).result() == 8


def test_real_processes_take_over_and_end_with_the_run() -> None:
    def opened() -> Executor:
        return RepeatingExecutor(lambda: process_pool(1), where="a process", remedy="")

    with GrowingExecutor(ThreadPoolExecutor(2), opened, count=1, pays_s=0.0) as tasks:
        end, pid = time.monotonic() + 60, os.getpid()
        while pid == os.getpid() and time.monotonic() < end:
            pid = tasks.submit(os.getpid).result(timeout=60)
            time.sleep(0.01)
    assert pid != os.getpid()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
