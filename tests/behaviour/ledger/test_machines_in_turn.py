"""Machines that share only git, one after another: what one paid for, none pays for again, and no receipt goes."""

from __future__ import annotations

import shutil
import signal
from typing import TYPE_CHECKING

import pytest

from tests.support import locks
from tests.support.git import Git
from tests.support.machines import (
    HELD,
    counts,
    forget_state,
    has_music_of,
    ids,
    interrupt,
    lock_of,
    made,
    pull,
    push,
    shared,
    write,
)

if TYPE_CHECKING:
    from tests.support.project import Project

UNANSWERED = "submit=paid:rst,ok"
"""The first submission breaks after it was charged; a second one would be charged again and made."""


# ---------------------------------------------------------------- 3: the lock changes while a run is under way


@pytest.mark.parametrize("way", ["pull", "checkout"])
def test_attack_03_pull_during_a_run_keeps_the_pulled_receipts(project: Project, way: str) -> None:
    write(project, {"a": "p1", "b": "p2", "c": "p3"}, HELD)
    for done in ("p1", "p3"):
        project.vendor.open_gate(project.name(done))
    made(project, "run", "--yes", "a")
    (other,) = shared(project, "other")
    made(other, "run", "--yes", "c")
    push(other)
    child = project.start("run", "--yes", "b")
    project.vendor.wait_for(project.name("p2"), method="POST")
    git = Git(project.folder)
    if way == "pull":
        pull(project)
    else:
        git("fetch", "--quiet")
        git("checkout", "--quiet", "origin/main", "--", "trial.lock")
    project.vendor.open_gate(project.name("p2"))
    assert child.wait().code == 0
    assert locks.receipts(lock_of(project)) == ids(project)
    forget_state(project)
    made(project)
    assert counts(project, "p1", "p2", "p3") == [1, 1, 1]


def test_attack_03_a_receipt_of_the_run_survives_a_checkout_of_another_lock_under_way(project: Project) -> None:
    write(project, {"a": "p1", "b": "p2"}, HELD)
    project.vendor.open_gate(project.name("p1"))
    made(project, "run", "--yes", "a")
    Git(project.folder).init()
    child = project.start("run", "--yes", "b")
    project.vendor.wait_for(project.name("p2"), method="POST")
    (project.folder / "trial.lock").unlink()
    project.vendor.open_gate(project.name("p2"))
    assert child.wait().code == 0
    assert locks.receipts(lock_of(project)) == ids(project)


# ---------------------------------------------------------------- 4: receipts of submissions that are under way


def test_attack_04_a_pending_receipt_is_kept_when_its_name_is_used_for_something_else(project: Project) -> None:
    write(project, {"a": "p1"}, HELD)
    (first,) = interrupt(project, "p1")
    forget_state(project)
    write(project, {"b": "p1", "a": "p2"}, HELD)
    project.vendor.open_gate(project.name("p2"))
    made(project, "run", "--yes", "--target", "a")
    assert first in locks.receipts(lock_of(project))
    made(project)
    assert counts(project, "p1", "p2") == [1, 1]
    assert has_music_of(project, "b", "p1")
    assert has_music_of(project, "a", "p2")


@pytest.mark.sampled(2)
@pytest.mark.parametrize("renamed", [True, False], ids=["the name is used for something else", "the prompt changed"])
def test_attack_04_two_pending_receipts_of_one_name_are_both_in_the_lock(project: Project, renamed: bool) -> None:
    script = "poll=held," + "word:QUEUED," * 20 + "done"
    write(project, {"a": "p1"}, script)
    (first,) = interrupt(project, "p1")
    forget_state(project)
    write(project, {"b": "p1", "a": "p2"} if renamed else {"a": "p2"}, script)
    (second,) = interrupt(project, "p2")
    assert {first, second} <= locks.receipts(lock_of(project))
    forget_state(project)
    made(project)
    write(project, {"b": "p1", "a": "p2"}, script)
    made(project)
    assert counts(project, "p1", "p2") == [1, 1]


def test_attack_04_what_a_run_takes_up_is_noted_at_once_under_its_new_name(project: Project) -> None:
    write(project, {"a": "p1"}, "poll=held")
    (first,) = interrupt(project, "p1")
    forget_state(project)
    write(project, {"b": "p1"}, "poll=held")
    child = project.start()
    project.vendor.wait_for(first, method="GET", count=len(project.heard(id=first)) + 2)
    child.signal(signal.SIGKILL)
    assert child.wait().killed
    assert [item.id for item in locks.submissions(lock_of(project), "b")] == [first]


# ---------------------------------------------------------------- 5: receipts of what was finished


@pytest.mark.sampled(3)
@pytest.mark.parametrize("forgets", ["each time", "at first", "never"])
def test_attack_05_going_back_to_an_old_prompt_pays_nothing(project: Project, forgets: str) -> None:
    for number, piece in enumerate(["p1", "p2", "p1", "p2"]):
        if forgets == "each time" or (forgets == "at first" and number == 1):
            forget_state(project)
        write(project, {"a": piece})
        made(project)
        assert has_music_of(project, "a", piece)
    assert counts(project, "p1", "p2") == [1, 1]
    assert locks.receipts(lock_of(project)) == ids(project)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("narrowed", [["a"], ["--target", "a"], ["--label", "new"]], ids=" ".join)
def test_attack_05_a_narrowed_run_drops_no_finished_receipt(project: Project, narrowed: list[str]) -> None:
    write(project, {"a": "p1"})
    made(project)
    forget_state(project)
    project.write_jobs(
        {"intro": {"prompt": project.prompt("p1")}, "a": {"prompt": project.prompt("p2"), "labels": ["new"]}}
    )
    made(project, "run", "--yes", *narrowed)
    assert locks.receipts(lock_of(project)) == ids(project)
    forget_state(project)
    made(project)
    assert counts(project, "p1", "p2") == [1, 1]
    assert has_music_of(project, "intro", "p1")


def test_attack_05_a_local_draft_in_between_hides_no_receipt_from_the_next_machine(project: Project) -> None:
    project.settings = {"profiles": {"draft": {"defaults": {"model": "local/sketch"}}}}
    for piece in ("p1", "p2"):
        write(project, {"a": piece})
        made(project)
        forget_state(project)
        made(project, "run", "--yes", "--profile", "draft")
        forget_state(project)
    write(project, {"a": "p1"})
    made(project)
    assert counts(project, "p1", "p2") == [1, 1]


# ---------------------------------------------------------------- 6: a payment status that is unknown


def in_doubt(project: Project) -> None:
    """Let one job's submission break after it was charged."""
    write(project, {"a": "p1"}, UNANSWERED)
    assert project.run().code == 8
    assert counts(project, "p1") == [1]


@pytest.mark.sampled(3)
@pytest.mark.parametrize("way", ["clean", "clone", "state elsewhere"])
def test_attack_06_a_fresh_checkout_stops_at_an_unknown_payment(project: Project, way: str) -> None:
    in_doubt(project)
    assert [item.job for item in locks.unknown(lock_of(project))] == ["a"]
    if way == "clone":
        (project,) = shared(project, "other")
    elif way == "clean":
        Git(project.folder).init()("clean", "-fdXq")
        shutil.rmtree(project.folder / ".scorefile", ignore_errors=True)
    else:
        project.env["SCOREFILE_STATE_DIR"] = str(project.folder.with_name("state"))
    for _ in range(2):
        done = project.run()
        assert done.code == 8, done
        assert "scorefile resolve trial.yaml a" in done.out
    assert counts(project, "p1") == [1]


@pytest.mark.parametrize("decision", ["--id", "--not-charged", "--resubmit"])
def test_attack_06_a_fresh_checkout_settles_an_unknown_payment(project: Project, decision: str) -> None:
    in_doubt(project)
    (id_,) = ids(project, "p1")
    forget_state(project)
    done = project.run("resolve", "a", decision, *([id_] if decision == "--id" else []))
    assert done.code == 0, done.err
    forget_state(project)
    made(project)
    assert counts(project, "p1") == [1 if decision == "--id" else 2]
    assert locks.unknown(lock_of(project)) == []


def test_attack_06_an_unknown_payment_is_kept_when_its_name_is_used_for_something_else(project: Project) -> None:
    in_doubt(project)
    forget_state(project)
    write(project, {"a": "p2"})
    assert project.run().code == 8
    forget_state(project)
    project.write_jobs({"b": {"prompt": project.prompt("p1", UNANSWERED)}, "a": {"prompt": project.prompt("p2")}})
    assert project.run().code == 8
    assert counts(project, "p1", "p2") == [1, 1]
    assert len(locks.unknown(lock_of(project))) == 1


def test_attack_06_an_unknown_payment_after_a_kill_reaches_the_lock_with_the_next_run(project: Project) -> None:
    write(project, {"a": "p1"}, "lag=0.4")
    child = project.start()
    project.vendor.wait_for(project.name("p1"), method="POST")
    child.signal(signal.SIGKILL)
    assert child.wait().killed
    assert project.run().code == 8
    forget_state(project)
    assert project.run().code == 8
    assert counts(project, "p1") == [1]
