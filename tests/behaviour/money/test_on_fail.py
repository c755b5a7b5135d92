"""on_fail asks again within the budget, N times in all, whatever happens in between; the provider's ledger judges."""

from __future__ import annotations

import json
import shutil
import signal
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.machines import HELD_SECOND
from tests.support.vendor.audio import song

if TYPE_CHECKING:
    from tests.support.project import Project

AUDIBLE = {"not": ["silent"]}


def write(project: Project, script: str, *, reroll: int = 2, **more: Any) -> None:
    """Write a pipeline of one job that is asked for again while it is silent."""
    project.write({"title": script}, **({"expect": AUDIBLE, "on_fail": {"reroll": reroll}} | more))


def rolls(project: Project) -> list[tuple[int, str]]:
    """Return the number and the state of each roll that the lock has."""
    found = json.loads((project.folder / "trial.lock").read_text())["jobs"]["title"]["submissions"]
    return sorted((item["roll"], item["state"]) for item in found if "roll" in item)


def test_a_silent_take_is_asked_for_again_and_the_first_that_is_heard_is_placed(project: Project) -> None:
    write(project, "media=silence-first:1")
    planned = json.loads(project.run("plan", "--format", "json").out)
    assert (planned["low_usd"], planned["worst_usd"]) == ("0.08", "0.24"), "the worst case counts the rolls"
    done = project.run("run", "--yes", "--format", "json")
    assert done.code == 0, done
    charges = project.charges("title")
    assert len(charges) == 2
    assert project.audio("title") == song(charges[1]["id"])
    said = json.loads(done.out)
    assert said["spent_usd"] == "0.16"
    assert [(job["result"], job.get("roll")) for job in said["jobs"]] == [("made", None), ("made", 1)]
    assert project.run().out.startswith("nothing to do")
    assert len(project.charges("title")) == 2


def test_it_ends_after_so_many_rolls_in_all_and_a_second_run_pays_for_no_more(project: Project) -> None:
    write(project, "media=silence-first:9")
    for _ in range(2):
        done = project.run()
        assert done.code == 9, done
        assert "title: it is silent" in done.out
        assert len(project.charges("title")) == 3
    assert rolls(project) == [(1, "done"), (2, "done")]
    write(project, "media=silence-first:9", reroll=3)
    assert project.run().code == 9
    assert len(project.charges("title")) == 4, "one more is allowed, and one more is made"


def test_a_fresh_checkout_goes_on_with_the_count(project: Project) -> None:
    write(project, "media=silence-first:9", reroll=1)
    assert project.run().code == 9
    shutil.rmtree(project.folder / ".scorefile")
    assert project.run().code == 9
    assert len(project.charges("title")) == 2


def test_a_run_whose_worst_case_is_over_the_budget_is_refused_before_anything_is_sent(project: Project) -> None:
    write(project, "media=silence-first:9")
    done = project.run("run", "--yes", "--max-cost", "0.20")
    assert (done.code, "this run may cost $0.24, which is over the budget of $0.20" in done.err) == (6, True)
    assert project.charges("title") == []
    assert project.run("run", "--yes", "--max-cost", "0.24").code == 9
    assert len(project.charges("title")) == 3


def test_a_run_that_was_killed_in_a_roll_is_finished_by_the_next_one_and_nothing_is_paid_twice(
    project: Project,
) -> None:
    write(project, f"media=silence-first:2 {HELD_SECOND}")
    run = project.start("run", "--yes")
    project.wait_for_poll("title", nth=2)
    run.signal(signal.SIGKILL)
    assert run.wait(60).killed
    project.vendor.open_gate(project.name("title"))
    over = project.run("run", "--yes", "--max-cost", "0.00")
    assert (over.code, len(project.charges("title"))) == (9, 2), (
        "it finishes what is paid for, and begins no further roll"
    )
    done = project.run()
    assert done.code == 0, done
    charges = project.charges("title")
    assert len(charges) == 3
    assert project.audio("title") == song(charges[2]["id"])
    assert rolls(project) == [(1, "done"), (2, "done")]


def test_a_roll_that_may_have_been_charged_is_held_and_nothing_more_is_asked_for(project: Project) -> None:
    write(project, "submit=ok,paid:drop media=silence-first:9")
    assert project.run().code == 8
    assert project.run().code == 8
    assert len(project.charges("title")) == 2


def test_a_pick_wins_and_ends_the_asking(project: Project) -> None:
    write(project, "media=silence-first:9", reroll=0)
    assert project.run().code == 9
    files = {"out": project.folder.with_suffix(".out"), "err": project.folder.with_suffix(".err")}
    words = ["pick", "title", "1", "trial.yaml"]
    assert project.zygote.start(words, cwd=project.folder, env=project.environ(), **files).wait(60).code == 0
    write(project, "media=silence-first:9", reroll=5)
    assert project.run().code == 9
    assert len(project.charges("title")) == 1


@pytest.mark.sampled(2)
@pytest.mark.parametrize("words", [("--locked",), ("--offline",)])
def test_where_nothing_may_be_made_nothing_is_asked_for_again(project: Project, words: tuple[str, ...]) -> None:
    write(project, "media=silence-first:9", reroll=0)
    assert project.run().code == 9
    write(project, "media=silence-first:9", reroll=5)
    assert project.run("run", "--yes", *words).code == 9
    assert len(project.charges("title")) == 1


def test_a_written_seed_is_not_asked_for_again(project: Project) -> None:
    write(project, "media=silence-first:9", model="pixazo/ace-step-xl", params={"seed": 7})
    assert project.run().code == 9
    assert len(project.charges("title")) == 1


def test_of_takes_that_all_miss_something_the_first_with_the_fewest_misses_is_placed(project: Project) -> None:
    write(project, "media=silence-first:1", expect={"not": ["silent", "mono"]}, reroll=3)
    assert project.run().code == 9
    charges = project.charges("title")
    assert len(charges) == 4
    assert project.audio("title") == song(charges[1]["id"])
