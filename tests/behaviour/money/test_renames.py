"""Names move and what was paid for moves with them: no order of renaming, swapping and reverting pays twice."""

from __future__ import annotations

import shutil
import signal
from itertools import permutations
from typing import TYPE_CHECKING

import pytest

from tests.support.long import sampled
from tests.support.machines import HELD, HELD_SECOND, interrupt, write
from tests.support.vendor.audio import song

if TYPE_CHECKING:
    from tests.support.project import Project


@pytest.mark.sampled
@pytest.mark.parametrize("order", [*permutations(["p1", "p2", "p3"])][sampled(slice(2, 4), slice(None))], ids="-".join)
@pytest.mark.parametrize("store", [True, False], ids=["with a store", "without a store"])
def test_names_change_hands_and_each_file_is_the_right_one(
    project: Project, order: tuple[str, ...], store: bool
) -> None:
    write(project, {"a": "p1", "b": "p2", "c": "p3"})
    done = project.run()
    assert done.code == 0, done.out + done.err
    before = {piece: project.audio(job) for job, piece in zip("abc", ("p1", "p2", "p3"), strict=True)}
    if not store:
        shutil.rmtree(project.folder / ".scorefile")
    write(project, dict(zip("abc", order, strict=True)))
    for _ in range(2):
        done = project.run()
        assert done.code == 0, done
        assert {piece: project.audio(job) for job, piece in zip("abc", order, strict=True)} == before
    assert len(project.submits()) == 3


def test_an_old_name_is_used_for_something_else(project: Project) -> None:
    write(project, {"a": "p1"})
    done = project.run()
    assert done.code == 0, done.out + done.err
    write(project, {"intro": "p1", "a": "p2"})
    done = project.run()
    assert done.code == 0, done.out + done.err
    assert [len(project.charges(piece)) for piece in ("p1", "p2")] == [1, 1]
    assert project.audio("intro") != project.audio("a")


def test_a_job_under_way_keeps_its_piece_when_names_change_hands(project: Project) -> None:
    write(project, {"a": "p1"}, HELD)
    interrupt(project, "p1")
    write(project, {"intro": "p1", "a": "p2"}, HELD)
    project.vendor.open_gate(project.name("p2"))
    done = project.run()
    assert done.code == 0, done
    assert [len(project.charges(piece)) for piece in ("p1", "p2")] == [1, 1]


def test_a_doubt_is_held_when_names_change_hands(project: Project) -> None:
    write(project, {"a": "p1"}, "submit=paid:500,ok")
    assert project.run().code == 8
    project.write_jobs(
        {"intro": {"prompt": project.prompt("p1", "submit=paid:500,ok")}, "a": {"prompt": project.prompt("p2")}}
    )
    for _ in range(2):
        done = project.run()
        assert done.code == 8, done
        assert "scorefile resolve trial.yaml intro " in done.out
    assert [len(project.charges(piece)) for piece in ("p1", "p2")] == [1, 1]


def test_a_doubt_is_held_although_nothing_asks_for_it_any_more(project: Project) -> None:
    write(project, {"a": "p1"}, "submit=paid:500,ok")
    assert project.run().code == 8
    write(project, {"a": "p2"})
    for _ in range(2):
        done = project.run()
        assert done.code == 8, done
        assert "scorefile resolve trial.yaml a~" in done.out
    assert project.audio("a") is not None, "the new piece is made"
    assert len(project.submits()) == 2


@pytest.mark.parametrize("seed", ["random", "auto"])
def test_a_draft_profile_in_between_pays_nothing_again(project: Project, seed: str) -> None:
    project.settings = {
        "defaults": {"model": "pixazo/ace-step"},
        "profiles": {"draft": {"defaults": {"model": "local/sketch"}}},
    }
    write(project, {"a": "p1"}, params={"duration": 1, "seed": seed})
    done = project.run()
    assert done.code == 0, done.out + done.err
    paid = project.audio("a")
    for lost in (False, True):
        assert project.run("run", "--yes", "--profile", "draft").code == 0
        assert project.audio("a") != paid
        if lost:
            shutil.rmtree(project.folder / ".scorefile")
        done = project.run()
        assert done.code == 0, done
        assert project.audio("a") == paid
    assert len(project.submits()) == 1


def test_a_kill_before_the_lock_is_written_forgets_no_drawn_seed(project: Project) -> None:
    project.settings = {"defaults": {"model": "pixazo/ace-step"}}
    project.write_jobs(
        {
            "a": {"prompt": project.prompt("a"), "params": {"duration": 1, "seed": "random"}},
            "b": {"prompt": project.prompt("b", "poll=held"), "params": {"duration": 1}},
        }
    )
    child = project.start()
    id_ = project.wait_for_poll("a")
    project.vendor.wait_for(f"media/{id_}", method="GET")
    project.wait_for_audio("a")
    project.wait_for_poll("b")
    child.signal(signal.SIGKILL)
    assert child.wait(20).killed
    project.vendor.open_gate(project.name("b"))
    (project.folder / "trial.lock").unlink(missing_ok=True)
    done = project.run("run", "--yes", "--target", "a")
    assert done.code == 0, done
    assert len(project.charges("a")) == 1


def test_two_jobs_that_ask_for_the_same_get_a_piece_each(project: Project) -> None:
    write(project, {"a": "p1", "b": "p1"})
    assert project.run().code == 0
    assert len(project.charges("p1")) == 2
    both = {project.audio("a"), project.audio("b")}
    assert len(both) == 2
    write(project, {"a": "p1"})
    assert project.run().code == 0
    write(project, {"a": "p1", "c": "p1"})
    assert project.run().code == 0
    assert len(project.charges("p1")) == 2, "the piece of the job that went is the new one's"
    assert {project.audio("a"), project.audio("c")} == both
    write(project, {"a": "p1", "c": "p1", "d": "p1"})
    assert project.run().code == 0
    assert len(project.charges("p1")) == 3
    assert {project.audio("a"), project.audio("c")} == both


@pytest.mark.sampled(2)
@pytest.mark.parametrize("store", [True, False], ids=["with a store", "without a store"])
@pytest.mark.parametrize("first", ["a", "b"])
def test_names_change_hands_one_at_a_time(project: Project, store: bool, first: str) -> None:
    write(project, {"a": "p1", "b": "p2"})
    assert project.run().code == 0
    p1, p2 = project.audio("a"), project.audio("b")
    if not store:
        shutil.rmtree(project.folder / ".scorefile")
    write(project, {"a": "p2", "b": "p1"})
    done = project.run("run", "--yes", "--target", first)
    assert done.code == 0, done
    assert project.audio(first) == {"a": p2, "b": p1}[first]
    done = project.run()
    assert done.code == 0, done
    assert (project.audio("a"), project.audio("b")) == (p2, p1)
    assert len(project.submits()) == 2


def test_force_makes_the_named_job_anew_and_takes_nothing_from_another(project: Project) -> None:
    write(project, {"a": "p1", "b": "p2"})
    assert project.run().code == 0
    p2 = project.audio("b")
    write(project, {"a": "p2", "b": "p2"})
    done = project.run("run", "a", "--yes", "--force")
    assert done.code == 0, done
    assert project.run().code == 0
    assert project.audio("b") == p2
    assert project.audio("a") != p2
    assert [len(project.charges(piece)) for piece in ("p1", "p2")] == [1, 2]
    write(project, {"a": "p1", "b": "p2"})
    assert project.run().code == 0
    assert len(project.submits()) == 3, "the old prompt's piece is in the store"


def test_a_pending_receipt_goes_to_whoever_asks_for_it_in_a_fresh_checkout(project: Project) -> None:
    write(project, {"a": "p1"}, HELD)
    interrupt(project, "p1")
    shutil.rmtree(project.folder / ".scorefile")
    write(project, {"intro": "p1", "a": "p2"}, HELD)
    project.vendor.open_gate(project.name("p2"))
    for _ in range(2):
        done = project.run()
        assert done.code == 0, done
    assert [len(project.charges(piece)) for piece in ("p1", "p2")] == [1, 1]
    assert project.audio("intro") == song(project.charges("p1")[0]["id"])
    assert project.audio("a") == song(project.charges("p2")[0]["id"])


def test_a_job_that_has_its_piece_takes_none_of_a_twin_that_went(project: Project) -> None:
    project.settings = {"providers": {"pixazo": {"max_in_flight": 1}}}
    write(project, {"a": "p1"}, HELD_SECOND)
    assert project.run().code == 0
    mine = project.audio("a")
    write(project, {"a": "p1", "b": "p1"}, HELD_SECOND)
    child = project.start()
    project.wait_for_poll("p1", nth=2)
    child.signal(signal.SIGINT)
    child.wait_for("stopping: ")
    project.vendor.open_gate(project.name("p1"))
    assert child.wait(20).code == 130
    write(project, {"a": "p1"}, HELD_SECOND)
    done = project.run()
    assert done.code == 0, done
    assert project.audio("a") == mine
    assert len(project.charges("p1")) == 2
