"""Tasks that a pool loses: they are done again, or end with a remedy, and what was paid for stays so."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import time
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import pytest

from runner.audio.tasks import OtherVersions, perform, versions
from runner.engine.computing import TRIES, ComputeFailed, RepeatingExecutor
from runner.records.result import Result
from runner.records.submission import Phase
from runner.state.files.processes import process_pool
from tests.support.lab import Lab, Listener


class Losing(Executor):
    """Loses so many tasks before it does one."""

    def __init__(self, losses: int) -> None:
        self.losses, self.opened = losses, 0

    def open(self) -> Executor:
        """Count how often a pool was opened."""
        self.opened += 1
        return self

    def submit(self, call: Any, /, *args: Any, **_more: Any) -> Future[Any]:
        """Do a task at once, or lose it."""
        done: Future[Any] = Future()
        self.losses -= 1
        if self.losses >= 0:
            done.set_exception(RuntimeError("a process ended"))
        else:
            done.set_result(call(*args))
        return done


def test_a_lost_task_is_done_again_in_a_new_pool() -> None:
    pool = Losing(TRIES - 1)
    with RepeatingExecutor(pool.open, where="--processes 2", remedy="run again") as tasks:
        assert tasks.submit(max, 3, 4).result() == 4
    assert pool.opened == TRIES


def test_a_task_that_is_always_lost_ends_with_a_remedy() -> None:
    with RepeatingExecutor(Losing(99).open, where="--processes 2", remedy="run again") as tasks:
        error = tasks.submit(max, 3, 4).exception()
    assert isinstance(error, ComputeFailed)
    assert str(error) == "--processes 2 lost a task: a process ended"
    assert error.help == "run again"


def test_an_error_of_the_task_itself_is_no_loss() -> None:
    pool = Losing(0)
    with RepeatingExecutor(pool.open, where="here", remedy="") as tasks, pytest.raises(FileNotFoundError):
        tasks.submit(os.stat, "/nothing/there").result()
    assert pool.opened == 1


def test_a_machine_with_other_versions_does_nothing() -> None:
    with pytest.raises(OtherVersions):
        perform({**versions(), "numpy": "0.1"}, print, "never")


def test_a_killed_process_costs_no_task() -> None:
    with RepeatingExecutor(lambda: process_pool(2), where="--processes 2", remedy="") as tasks:
        victim = tasks.submit(os.getpid).result()
        slow = [tasks.submit(_pid_after, 0.3) for _ in range(6)]
        os.kill(victim, signal.SIGKILL)
        assert victim not in {future.result(timeout=20) for future in slow}


def _pid_after(seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


@pytest.mark.skipif(sys.platform != "linux", reason="threads are counted in /proc")
@pytest.mark.parametrize(("said", "used"), [({}, 1), ({"OPENBLAS_NUM_THREADS": "3"}, 3), ({"OMP_NUM_THREADS": "2"}, 2)])
def test_a_process_computes_in_one_thread_unless_the_environment_says_otherwise(
    said: dict[str, str], used: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    if (os.cpu_count() or 1) < used:
        pytest.skip("numpy uses no more threads than there are processors")
    with process_pool(1) as pool:
        assert pool.submit(_threads_of_numpy).result(timeout=60) == used


def _threads_of_numpy() -> int:
    importlib.import_module("numpy")
    watchers = 1  # of the parent
    return len([*Path("/proc/self/task").iterdir()]) - watchers


def test_a_paid_take_that_could_not_be_decoded_is_fetched_by_the_next_run(tmp_path: Path) -> None:
    lab = Lab(tmp_path / "project")
    lab.write({"a": "low brass"})
    lab.cpu = RepeatingExecutor(Losing(99).open, where="--processes 2", remedy="run again")
    (outcome,) = lab.run()
    assert (outcome.result, outcome.ending.advice) == (Result.FAILED, "run again")  # type: ignore[union-attr]
    assert [item.phase for item in lab.session().submissions] == [Phase.READY]
    lab.cpu = Listener()
    (outcome,) = lab.run()
    assert (outcome.result, len(lab.vendor.charges)) == (Result.MADE, 1)
