"""In which order jobs begin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec.structs import replace

from runner.engine.order import Order
from tests.support.made import request

if TYPE_CHECKING:
    from runner.records.request import Request


@dataclass
class Job:
    job: str
    request: Request


def jobs(**needs: str) -> list[Job]:
    return [Job(name, replace(request(name), needs=tuple(wanted.split()))) for name, wanted in needs.items()]


def test_a_job_begins_after_the_last_one_that_it_needs() -> None:
    all_jobs = jobs(a="", b="a", c="a b", d="")
    order = Order(all_jobs)
    assert [job.job for job in all_jobs if not order.waits(job)] == ["a", "d"]
    assert [job.job for job in order.after("d")] == []
    assert [job.job for job in order.after("a")] == ["b"]
    assert [job.job for job in order.after("b")] == ["c"]
    assert [job.job for job in order.after("b")] == [], "each is named once"


def test_a_need_that_does_not_come_is_not_waited_for() -> None:
    (job,) = jobs(a="made-before")
    assert not Order([job]).waits(job)
