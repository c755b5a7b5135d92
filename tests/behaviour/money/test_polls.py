"""What a vendor may say about an accepted job: free to ask, so nothing it says costs anything or loses the receipt."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.faults import charges_of, jobs_of, play, submits_of

if TYPE_CHECKING:
    from tests.support.project import Project


def test_a_job_finishes_through_every_passing_fault(project: Project) -> None:
    scripts = jobs_of("polls", "finishes")
    project.write(scripts)
    first = play(project)
    assert (first.code, first.others(result="made")) == (0, {})
    assert [job for job in scripts if not project.is_right(job)] == []
    second = play(project)
    assert (second.code, second.others(result="reused")) == (0, {})
    assert submits_of(project, scripts) == dict.fromkeys(scripts, 1)


def test_a_job_without_an_end_stalls_and_goes_on_for_free(project: Project) -> None:
    scripts = jobs_of("polls", "stalls")
    project.write(scripts, timeout_s=0.2)
    first = play(project)
    assert (first.code, first.others(result="failed")) == (5, {})
    receipts = {job: id_ for job, (id_,) in charges_of(project, scripts).items()}
    assert [job for job, id_ in receipts.items() if id_ not in str(first.jobs[job])] == []
    lock = (project.folder / "trial.lock").read_text()
    assert [job for job, id_ in receipts.items() if id_ not in lock] == [], "another machine could go on"
    before = {job: len(project.heard(id=id_)) for job, id_ in receipts.items()}
    second = play(project)
    assert (second.code, second.others(result="failed")) == (5, {})
    assert [job for job, id_ in receipts.items() if len(project.heard(id=id_)) <= before[job]] == []
    assert submits_of(project, scripts) == dict.fromkeys(scripts, 1)
    assert [job for job in scripts if project.audio(job) is not None] == []


def test_an_unknown_word_is_said_once(project: Project) -> None:
    project.write({"a": "poll=" + "word:TUNING," * 5 + "done"})
    assert project.run().err.count("which its provider file does not list") == 1


def test_a_job_that_the_vendor_forgot_is_lost_and_not_paid_for_again(project: Project) -> None:
    project.write({"a": "poll=404"})
    first = project.run(timeout_s=30, limits={"missing_is_lost_after_s": 0.1})
    assert first.code == 5, first
    assert project.charges()[0]["id"] in first.out
    assert project.run(timeout_s=30, limits={"missing_is_lost_after_s": 0.1}).code == 5
    assert len(project.submits()) == 1


def test_a_key_that_dies_on_the_way_is_mended_at_no_cost(project: Project) -> None:
    project.write({"a": "poll=word:QUEUED,401,done"})
    assert project.run().code == 7
    assert project.run().code == 0
    assert (project.is_right("a"), len(project.submits())) == (True, 1)


@pytest.mark.parametrize(("word", "sum_usd"), [("ERROR", "0.00"), ("FAILED", None)])
def test_a_failure_is_asked_again_only_as_often_as_allowed(project: Project, word: str, sum_usd: str | None) -> None:
    project.write({"a": f"poll=word:{word}"}, retries=2)
    done = project.run("run", "--yes", "--format", "json")
    assert done.code == 5
    assert len(project.submits()) == 3
    assert sum_usd is None or float(json.loads(done.out)["spent_usd"]) == float(sum_usd)


def test_a_failure_is_not_asked_again_by_itself(project: Project) -> None:
    project.write({"a": "poll=word:FAILED"})
    assert project.run().code == 5
    assert len(project.submits()) == 1


def test_retries_stay_inside_the_budget(project: Project) -> None:
    project.write({"a": "poll=word:FAILED"}, retries=2)
    assert project.run("run", "--yes", "--max-cost", "0.23").code == 6
    assert project.submits() == []


def test_a_budget_that_allows_the_retries_lets_them_be_made(project: Project) -> None:
    project.write({"a": "poll=word:FAILED"}, retries=2)
    assert project.run("run", "--yes", "--max-cost", "0.24").code == 5
    assert len(project.submits()) == 3


@pytest.mark.parametrize("step", ["drip", "hang"])
def test_a_poll_ends_at_its_deadline_however_slowly_bytes_come(project: Project, step: str) -> None:
    project.write({"a": f"poll={step},done"})
    assert project.run(timeout_s=8, limits={"poll_timeout_s": 0.5}).code == 0
    assert project.is_right("a")


def test_a_submit_answer_with_a_dripping_head_ends_at_its_deadline(project: Project) -> None:
    project.use_schemas(provider={"submit": {"timeout_s": 0.5}})
    project.write({"a": "submit=paid:drip-body"})
    done = project.run(timeout_s=20)
    assert (done.code, done.seconds < 3) == (8, True), done
