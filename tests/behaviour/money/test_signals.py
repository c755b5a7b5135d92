"""SIGINT and SIGTERM: once is a request to stop, twice is now; what was paid for is found again either way."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.project import Project
    from tests.torture.forks import Child

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}
MOMENTS = {"submit": "gate=submit", "poll": "poll=held,done", "download": "media=held,ok"}
"""Where the provider holds the first job until its gate is opened."""


def start_until(project: Project, moment: str) -> Child:
    """Start a run of three jobs, one at a time, and return it when the provider holds the first one at `moment`.

    While the first is downloaded, the provider holds the second.
    """
    project.settings["providers"] = {"pixazo": {"max_in_flight": 1}}
    project.write({"a": MOMENTS[moment], "b": MOMENTS["poll"] if moment == "download" else "", "c": ""})
    child = project.start()
    if moment == "submit":
        project.vendor.wait_for(project.name("a"), method="POST")
    else:
        id_ = project.wait_for_poll("a")
        project.vendor.wait_for(f"media/{id_}" if moment == "download" else id_, method="GET")
    if moment == "download":
        project.vendor.wait_for(project.wait_for_poll("b"), method="GET")
    return child


def open_gates(project: Project) -> None:
    for job in "ab":
        project.vendor.open_gate(project.name(job))


@pytest.mark.sampled(2)
@pytest.mark.parametrize("number", CODES)
@pytest.mark.parametrize("moment", MOMENTS)
def test_one_signal_sees_what_is_under_way_to_its_receipt(
    project: Project, moment: str, number: signal.Signals
) -> None:
    child = start_until(project, moment)
    child.signal(number)
    child.wait_for("stopping: ")
    open_gates(project)
    done = child.wait(20)
    assert done.code == CODES[number], done
    assert len(project.submits()) == (2 if moment == "download" else 1), "nothing new is submitted"
    receipt = project.charges("a")[0]["id"]
    assert receipt in (project.folder / "trial.lock").read_text()
    assert "run" in done.out + done.err, "it says how to go on"
    assert project.run(timeout_s=30).code == 0
    assert all(project.is_right(job) for job in "abc")


@pytest.mark.sampled(2)
@pytest.mark.parametrize("number", CODES)
@pytest.mark.parametrize("moment", MOMENTS)
def test_two_signals_leave_at_once_and_lose_nothing(project: Project, moment: str, number: signal.Signals) -> None:
    child = start_until(project, moment)
    child.signal(number)
    child.wait_for("stopping: ")
    child.signal(number)
    done = child.wait(20)
    assert done.code == CODES[number], done
    open_gates(project)
    charges = project.charges("a")
    assert len(charges) == 1
    again = project.run(timeout_s=30)
    if again.code == 8:
        assert project.run("resolve", "a", "--id", charges[0]["id"]).code == 0
        again = project.run(timeout_s=30)
    assert again.code == 0, again
    assert all(project.is_right(job) for job in "abc")


def test_a_slot_that_comes_free_after_a_signal_is_given_to_nobody(project: Project) -> None:
    project.settings["providers"] = {"pixazo": {"max_in_flight": 1}}
    project.write({"a": "gate=submit submit=free:400", "b": ""})
    child = project.start()
    project.vendor.wait_for(project.name("a"), method="POST")
    child.signal(signal.SIGINT)
    child.wait_for("stopping: ")
    open_gates(project)
    assert child.wait(20).code == 130
    assert [project.name("b") in row["body"] for row in project.submits()] == [False]
