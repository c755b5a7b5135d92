"""--reroll pays once for each take that was asked for, whatever happens; the provider's ledger judges."""

from __future__ import annotations

import json
import shutil
import signal
from typing import TYPE_CHECKING, Any

import pytest

from runner.state.run_lock import hold
from tests.support.machines import HELD_SECOND
from tests.support.vendor.audio import song

if TYPE_CHECKING:
    from tests.support.project import Project


@pytest.fixture
def made(project: Project) -> Project:
    """A title and a war, both made, each charged once."""
    project.write({"title": "", "war": ""})
    assert project.run().code == 0
    assert [len(project.charges(name)) for name in ("title", "war")] == [1, 1]
    return project


def reroll(project: Project, *words: str, **more: Any) -> Any:
    return project.run("run", "--yes", "--reroll", *words, **more)


def entries(project: Project, job: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((project.folder / "trial.lock").read_text())["jobs"][job]["submissions"]
    return found


def test_a_reroll_pays_for_the_named_job_and_leaves_its_output_alone(made: Project) -> None:
    before = made.audio("title")
    done = reroll(made, "title", "--format", "json")
    assert done.code == 0, done
    assert [len(made.charges(name)) for name in ("title", "war")] == [2, 1]
    assert made.audio("title") == before
    (job,) = json.loads(done.out)["jobs"]
    assert (job["job"], job["roll"], job["numbers"], job["result"], job["spent_usd"]) == (
        "title", 1, [2], "made", "0.08",
    )  # fmt: skip
    assert made.run().out.startswith("nothing to do")
    assert len(made.charges()) == 3


def test_each_time_is_a_charge_and_a_take_that_can_be_picked(made: Project) -> None:
    done = reroll(made, "*", "--times", "2")
    assert done.code == 0, done
    assert "title roll 1" in done.out
    assert "to choose: scorefile pick title TAKE trial.yaml" in done.out
    assert [len(made.charges(name)) for name in ("title", "war")] == [3, 3]
    rolls = {item["roll"]: item for item in entries(made, "title") if "roll" in item}
    assert set(rolls) == {1, 2}
    assert made.run("pick", "title", "3").code == 2, "the order is JOB TAKE FILE"


def test_a_picked_roll_is_put_in_its_place_at_no_cost(made: Project) -> None:
    assert reroll(made, "title").code == 0
    picked = made.zygote.start(
        ["pick", "title", "2", "trial.yaml"],
        cwd=made.folder, env=made.environ(), out=made.folder.with_suffix(".out"), err=made.folder.with_suffix(".err"),
    ).wait(60)  # fmt: skip
    assert picked.code == 0, picked
    assert made.run().code == 0
    assert made.audio("title") == song(made.charges("title")[1]["id"])
    assert made.run().out.startswith("nothing to do")
    assert len(made.charges("title")) == 2


def test_a_reroll_is_in_the_plan_with_its_price_and_nothing_is_sent(made: Project) -> None:
    planned = made.run("plan", "--reroll", "title", "--times", "2", "--format", "json")
    assert planned.code == 0, planned
    found = json.loads(planned.out)
    assert [(item["job"], item["roll"], item["verb"], item["reason"]) for item in found["actions"]] == [
        ("title", 1, "generate", "rerolled"),
        ("title", 2, "generate", "rerolled"),
    ]
    assert found["worst_usd"] == "0.16"
    assert len(made.charges()) == 2


def test_a_reroll_over_the_budget_or_that_nobody_confirms_is_refused(made: Project) -> None:
    over = reroll(made, "title", "--times", "3", "--max-cost", "0.20")
    assert (over.code, "this run may cost $0.24, which is over the budget of $0.20" in over.err) == (6, True)
    asked = made.run("run", "--reroll", "title")
    assert (asked.code, "this run would spend money" in asked.err) == (6, True)
    assert len(made.charges()) == 2


def test_a_saved_plan_rerolls_once(made: Project) -> None:
    assert made.run("plan", "--reroll", "title", "--out", "again.json").code == 0
    words = ["run", "again.json", "--yes"]
    files = {"out": made.folder.with_suffix(".out"), "err": made.folder.with_suffix(".err")}
    first, second = (made.zygote.start(words, cwd=made.folder, env=made.environ(), **files).wait(60) for _ in range(2))
    assert first.code == 0, first
    assert (second.code, "this plan is out of date" in second.err) == (4, True)
    assert len(made.charges("title")) == 2


def test_a_roll_that_failed_unpaid_is_asked_for_again_under_its_number(project: Project) -> None:
    project.write({"title": ""})
    assert project.run().code == 0
    project.write({"title": ""}, retries=0)
    assert reroll(project, "title").code == 0
    assert {item.get("roll", 0) for item in entries(project, "title")} == {0, 1}


# ---------------------------------------------------------------- crashes, checkouts and merges


@pytest.mark.parametrize("words", [("run", "--yes"), ("run", "--yes", "--reroll", "title")], ids=["run", "reroll"])
def test_a_roll_that_a_kill_interrupted_is_finished_by_the_next_run_and_not_paid_again(
    project: Project, words: tuple[str, ...]
) -> None:
    project.write({"title": HELD_SECOND})
    assert project.run().code == 0
    before = project.audio("title")
    run = project.start("run", "--yes", "--reroll", "title")
    project.wait_for_poll("title", nth=2)
    run.signal(signal.SIGKILL)
    assert run.wait(60).killed
    project.vendor.open_gate(project.name("title"))
    done = project.run(*words)
    assert done.code == 0, done
    assert len(project.charges("title")) == 2, "the command that was killed is finished, whoever finishes it"
    assert project.audio("title") == before
    assert [item["state"] for item in entries(project, "title")] == ["done", "done"]


def test_a_roll_whose_answer_never_came_is_held_until_a_person_decides(project: Project) -> None:
    project.write({"title": "submit=ok,paid:drop"})
    assert project.run().code == 0
    assert reroll(project, "title").code == 8
    assert reroll(project, "title").code == 8, "and a second command does not pay for it again"
    assert len(project.charges("title")) == 2
    id_ = project.charges("title")[1]["id"]
    assert project.run("resolve", "title", "--id", id_).code == 0
    assert project.run().code == 0
    assert [item.get("roll") for item in entries(project, "title")] == [None, 1]
    assert len(project.charges("title")) == 2


def test_a_fresh_checkout_pays_for_no_roll_that_its_lock_knows(made: Project) -> None:
    assert reroll(made, "title", "--times", "2").code == 0
    shutil.rmtree(made.folder / ".scorefile")
    shutil.rmtree(made.folder / "audio")
    assert made.run().code == 0
    assert [len(made.charges(name)) for name in ("title", "war")] == [3, 1]
    assert reroll(made, "title").code == 0
    assert max(item.get("roll", 0) for item in entries(made, "title")) == 3


def test_two_branches_that_rolled_the_same_job_have_paid_for_two_and_neither_pays_again(made: Project) -> None:
    lock, state = made.folder / "trial.lock", made.folder / ".scorefile"
    before, copy = lock.read_bytes(), made.folder.with_name("copy")
    assert reroll(made, "title").code == 0
    theirs = lock.read_bytes()
    shutil.copytree(state, copy)
    shutil.rmtree(state)
    lock.write_bytes(before)
    assert reroll(made, "title").code == 0
    (made.folder / "theirs.lock").write_bytes(theirs)
    files = {"out": made.folder.with_suffix(".out"), "err": made.folder.with_suffix(".err")}
    joined = made.zygote.start(
        ["merge", "trial.lock", "theirs.lock"], cwd=made.folder, env=made.environ(), **files
    ).wait(60)
    assert joined.code == 0, joined
    (made.folder / "theirs.lock").unlink()
    assert [item.get("roll") for item in entries(made, "title")].count(1) == 2
    assert made.run().code == 0
    assert len(made.charges("title")) == 3
    assert reroll(made, "title").code == 0
    assert len(made.charges("title")) == 4
    assert max(item.get("roll", 0) for item in entries(made, "title")) == 2


# ---------------------------------------------------------------- bad input


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--reroll", "tite"), 2, "no job matches tite"),
        (("--times", "2"), 2, "--times says how to reroll, and no job is named"),
        (("--seed", "2"), 2, "--seed says how to reroll, and no job is named"),
        (("--reroll", "title", "--times", "0"), 2, "0 is not in the range 1<=x<=100"),
        (("--reroll", "title", "--seed", "x"), 2, "'x' is not a valid integer"),
        (("--reroll", "title", "--seed", "-1"), 2, "-1 is not in the range x>=0"),
        (("--reroll", "title", "--seed", "3"), 2, "title cannot have the seed 3: pixazo/lyria-3-pro takes none"),
        (("--reroll", "title", "--locked"), 2, "--reroll adds takes to the lock, and --locked keeps it as it is"),
        (("--reroll", "title", "--frozen"), 2, "--reroll adds takes to the lock, and --frozen keeps it as it is"),
    ],
)
def test_what_cannot_be_rerolled_is_refused_before_anything_is_sent(
    made: Project, words: tuple[str, ...], code: int, said: str
) -> None:
    done = made.run("run", "--yes", *words)
    assert (done.code, said in done.err) == (code, True), done
    assert len(made.charges()) == 2


def test_a_job_that_was_never_made_is_made_first(project: Project) -> None:
    project.write({"title": ""})
    done = reroll(project, "title")
    assert done.code == 2
    assert "title is not made as the file says now, so it cannot be rerolled" in done.err
    assert "help: make it first: scorefile run title" in done.err
    assert project.charges() == []


def test_an_offline_reroll_asks_nobody(made: Project) -> None:
    done = reroll(made, "title", "--offline")
    assert "needs its provider, and the run is offline" in done.out
    assert len(made.charges()) == 2


def test_a_run_with_nothing_to_do_writes_into_the_lock_what_only_the_journal_knows(made: Project) -> None:
    lock = made.folder / "trial.lock"
    before = lock.read_bytes()
    assert reroll(made, "title").code == 0
    rolled = {item["receipt"]["request_id"]: item["takes"] for item in entries(made, "title")}
    assert len(rolled) == 2
    lock.write_bytes(before)  # as it is where the run was killed before it wrote the lock
    assert made.run("run", "--yes", "--locked").out.startswith("nothing to do")
    assert lock.read_bytes() == before
    assert made.run().out.startswith("nothing to do")
    assert {item["receipt"]["request_id"]: item["takes"] for item in entries(made, "title")} == rolled
    after = lock.stat()
    assert made.run().out.startswith("nothing to do")
    assert lock.stat().st_ino == after.st_ino, "it is written once"
    assert len(made.charges()) == 3


def test_a_run_with_nothing_to_do_waits_for_no_other_run(made: Project) -> None:
    lock = made.folder / "trial.lock"
    before = lock.read_bytes()
    assert reroll(made, "title").code == 0
    lock.write_bytes(before)
    with hold(made.folder / ".scorefile" / "pipelines" / "trial", now="now", timeout_s=0.0):
        assert made.run().out.startswith("nothing to do")
    assert lock.read_bytes() == before
