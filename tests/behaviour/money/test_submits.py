"""What a vendor may answer to a submit, or fail to: at most one charge, now and in every later run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from runner.commands.options import CommandOptions
from runner.commands.resolve import resolve
from runner.commands.session import open_session
from tests.support.faults import charges_of, jobs_of, play, scripts, submits_of
from tests.support.long import sampled

if TYPE_CHECKING:
    from tests.support.project import Project

SLOW_VENDOR = {"submit": {"timeout_s": 0.7}}


@pytest.mark.sampled
def test_an_answer_that_proves_nothing_is_held_until_a_person_decides(project: Project) -> None:
    all_of_them = jobs_of("submits", "in doubt")
    steps = dict([*all_of_them.items()][:: sampled(2, 1)])
    project.write({job: f"submit={step},ok" for job, step in steps.items()})
    first = play(project)
    charges = charges_of(project, steps)
    assert first.code == 8
    assert first.others(result="unknown", spent_usd=None) == {}, "neither its result nor what was spent is known"
    assert [
        job for job, said in first.jobs.items() if not said["help"].endswith(f"scorefile resolve trial.yaml {job}")
    ] == []
    assert {job: len(ids) for job, ids in charges.items()} == {
        job: step.startswith("paid") for job, step in steps.items()
    }
    second = play(project)
    assert (second.code, second.others(result="unknown")) == (8, {})
    assert submits_of(project, steps) == dict.fromkeys(steps, 1), "the next run sends nothing"
    assert [job for job in steps if project.audio(job) is not None] == []
    for job, ids in charges.items():
        session = open_session(CommandOptions(file=str(project.folder / "trial.yaml")))
        resolve(session, job, "id" if ids else "not-charged", id=ids[0] if ids else None)
    last = play(project)
    assert (last.code, last.others(result="made")) == (0, {})
    assert [job for job in steps if not project.is_right(job)] == []


@pytest.mark.sampled(3)
@pytest.mark.parametrize("step", ["paid:hang", "free:hang", "paid:drip-body"])
def test_a_vendor_that_does_not_finish_its_answer_is_left_at_the_deadline(project: Project, step: str) -> None:
    project.use_schemas(provider=SLOW_VENDOR)
    project.write({"a": f"submit={step},ok"})
    first = project.run(timeout_s=8)
    assert first.code == 8, first
    assert project.run().code == 8
    assert len(project.submits()) == 1
    assert len(project.charges()) == step.startswith("paid")


def test_an_answer_with_a_usable_id_is_a_receipt(project: Project) -> None:
    steps = jobs_of("submits", "accepted")
    project.write({job: f"submit={step}" for job, step in steps.items()})
    first = play(project)
    assert (first.code, first.others(result="made")) == (0, {})
    assert [job for job in steps if not project.is_right(job)] == []
    second = play(project)
    assert (second.code, second.others(result="reused")) == (0, {})
    assert submits_of(project, steps) == dict.fromkeys(steps, 1)
    own = project.vendor.url.removeprefix("http://")
    for job, (id_,) in charges_of(project, steps).items():
        assert all(row["where"] == own for row in project.heard(id=id_)), f"{job} is polled at its own host"


def test_a_proven_refusal_costs_nothing_and_may_be_tried_in_a_later_run(project: Project) -> None:
    steps = jobs_of("submits", "refused")
    project.write({job: f"submit={step}" for job, step in steps.items()})
    for _ in range(2):
        done = play(project)
        assert (done.code, done.others(result="failed")) == (5, {})
    assert project.charges() == []
    assert submits_of(project, steps) == dict.fromkeys(steps, 2), "one for each run: nothing is sent again by itself"


@pytest.mark.sampled(2)
@pytest.mark.parametrize("step", scripts("submits", "key refused"))
def test_a_refused_key_stops_the_vendor(project: Project, step: str) -> None:
    project.settings["providers"] = {"pixazo": {"max_in_flight": 1}}
    project.write({"a": f"submit={step}", "b": f"submit={step}"})
    assert project.run().code == 7
    assert (len(project.submits()), project.charges()) == (1, [])


def test_a_busy_vendor_is_asked_again_whatever_its_retry_after_says(project: Project) -> None:
    steps = jobs_of("submits", "busy, then taken")
    project.write({job: f"submit={step},{step},ok" for job, step in steps.items()})
    done = play(project)
    assert (done.code, done.others(result="made")) == (0, {})
    assert [job for job in steps if not project.is_right(job)] == []
    assert submits_of(project, steps) == dict.fromkeys(steps, 3)


@pytest.mark.parametrize("header", ["1000000000", "99999999999999999999999"])
def test_a_retry_after_of_years_waits_no_longer_than_the_ceiling(project: Project, header: str) -> None:
    project.write({"a": f"submit=free:429:Retry-After={header},ok"})
    assert project.run(timeout_s=20, limits={"max_retry_after_s": 0.1}).code == 0
    assert project.is_right("a")


def test_a_vendor_that_is_always_busy_is_asked_six_times(project: Project) -> None:
    project.write({"a": "submit=free:429:Retry-After=0"})
    assert project.run(timeout_s=20).code == 5
    assert (len(project.submits()), project.charges()) == (6, [])


def test_a_vendor_that_was_busy_for_too_long_gets_nothing_more(project: Project) -> None:
    project.settings["providers"] = {"pixazo": {"max_in_flight": 1}}
    project.write(dict.fromkeys("abc", "submit=free:429:Retry-After=0"))
    done = project.run(timeout_s=20, limits={"max_busy_s": 0.0, "rate_limited_tries": 1})
    assert (done.code, len(project.submits()), project.charges()) == (5, 1, [])
    assert re.search(r"^1 failed, 2 skipped in ", done.out, re.MULTILINE), done


def test_an_id_that_another_job_has_is_no_receipt(project: Project) -> None:
    project.settings["providers"] = {"pixazo": {"max_in_flight": 1}}
    project.write({"a": "submit=paid:repeated", "b": "submit=paid:repeated"})
    assert project.run().code == 8
    assert project.run().code == 8
    assert (len(project.charges("a")), len(project.charges("b"))) == (1, 1)
    assert project.audio("a") is not None
    assert project.audio("b") is None, "the music of another job is not taken for its own"


def test_three_doubts_stop_further_submits(project: Project) -> None:
    project.settings["providers"] = {"pixazo": {"max_in_flight": 1}}
    project.write(dict.fromkeys("abcdef", "submit=paid:500"))
    assert project.run().code == 8
    assert len(project.submits()) == 3


def test_a_vendor_that_cannot_be_reached_is_no_doubt(project: Project) -> None:
    project.write({"a": ""})
    project.env = {"SCOREFILE_PIXAZO_BASE_URL": "http://127.0.0.1:9"}
    assert project.run(timeout_s=20).code == 5
    project.env = {}
    assert project.run().code == 0
    assert project.is_right("a")


def test_a_user_may_choose_to_pay_twice_rather_than_to_wait(project: Project) -> None:
    project.write({"a": "submit=paid:500,ok"}, on_unknown="resubmit")
    assert project.run().code == 0
    assert len(project.charges()) == 2
    assert project.run().code == 0
    assert len(project.submits()) == 2, "the choice is over when the job is done"


def test_a_model_that_costs_nothing_is_sent_again_freely(project: Project) -> None:
    project.write_jobs({"a": {"model": "pixazo/tracks", "prompt": project.prompt("a", "submit=paid:500,ok")}})
    codes = [project.run().code for _ in range(3)]
    assert codes[-1] == 0
    assert len(project.submits()) == 2
    assert project.audio("a") is not None


def test_a_job_that_was_skipped_leaves_the_sum_known(project: Project) -> None:
    project.write({"a": "submit=free:400", "b": ""})
    done = project.run("run", "--yes", "--fail-fast", "-j", "1")
    assert done.code == 5, done
    assert re.search(r"^1 failed, 1 skipped in [0-9.]+ s; spent \$0\.00$", done.out, re.MULTILINE)
    assert project.charges("a", "b") == []
