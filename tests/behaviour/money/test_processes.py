"""Many processes on one pipeline: one writes, the others wait or leave; the kernel frees what a dead one held."""

from __future__ import annotations

import random
import signal
from typing import TYPE_CHECKING

import pytest

from tests.support.long import sampled

if TYPE_CHECKING:
    from tests.support.project import Project
    from tests.torture.forks import Done

JOBS = "abcd"
KILLED, DONE, UNKNOWN = -signal.SIGKILL, 0, 8


def stampede(project: Project, *, seed: int) -> list[Done]:
    """Start 16 runs at once, kill half of them at random moments, return how all of them ended."""
    chance = random.Random(seed)
    moments = [chance.uniform(0, 0.2) if number % 2 else None for number in range(16)]
    runs = [project.start("run", "--yes", "--lock-timeout", "30", kill_after_s=moment) for moment in moments]
    return [run.wait(60) for run in runs]


@pytest.mark.sampled
@pytest.mark.parametrize("seed", range(sampled(1, 12)))
def test_sixteen_at_once_half_of_them_killed_pay_once_for_each_job(project: Project, seed: int) -> None:
    project.write(dict.fromkeys(JOBS, "lag=0.005 poll=word:QUEUED,done"))
    ended = stampede(project, seed=seed)
    assert {done.code for done in ended} <= {KILLED, DONE, UNKNOWN}, [
        done for done in ended if done.code not in (0, 8, -9)
    ]
    for job in JOBS:
        assert len(project.charges(job)) <= 1
    final = project.run()
    assert final.code in (DONE, UNKNOWN)
    for job in JOBS:
        if final.code == UNKNOWN and f"{job}: payment" in final.out:
            decision = [word for charge in project.charges(job) for word in ("--id", charge["id"])]
            assert project.run("resolve", job, *(decision or ["--not-charged"])).code == 0
    assert project.run().code == DONE
    for job in JOBS:
        assert project.is_right(job)


@pytest.mark.parametrize(("mutant", "code", "charges"), [("", 11, 1), ("no-lock", DONE, 2)])
def test_the_lock_is_what_keeps_two_runs_from_paying_twice(
    project: Project, mutant: str, code: int, charges: int
) -> None:
    project.write({"a": "poll=held,done", "b": ""})
    first = project.start("run", "--yes", "-j", "1", mutant=mutant)
    project.wait_for_poll("a")
    second = project.run("run", "b", "--yes", mutant=mutant)
    project.vendor.open_gate(project.name("a"))
    assert first.wait().code == DONE
    assert second.code == code, second
    assert len(project.charges("b")) == charges


def test_a_second_run_leaves_at_once_and_names_the_holder(project: Project) -> None:
    project.write({"a": "poll=held,done"})
    first = project.start()
    project.wait_for_poll("a")
    second = project.run()
    assert second.code == 11, second
    assert f"process {first.pid}" in second.err
    project.vendor.open_gate(project.name("a"))
    assert first.wait().code == DONE
    assert len(project.charges()) == 1


def test_a_run_that_stands_still_keeps_its_lock_and_a_dead_one_frees_it(project: Project) -> None:
    project.write({"a": "poll=held,done"})
    first = project.start()
    project.wait_for_poll("a")
    first.signal(signal.SIGSTOP)
    assert project.run().code == 11
    first.signal(signal.SIGKILL)
    assert first.wait().killed
    project.vendor.open_gate(project.name("a"))
    assert project.run().code == DONE
    assert len(project.charges()) == 1
