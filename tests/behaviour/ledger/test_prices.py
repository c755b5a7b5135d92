"""A price of 0 that a project writes: it counts for sums, and switches no protection off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.machines import counts, forget_state, has_music_of, made, write

if TYPE_CHECKING:
    from tests.support.project import Project

PAID, FREE = "pixazo/lyria-3-pro", "pixazo/tracks"


def say_free(project: Project, how: str) -> None:
    """Let the project say that the paid model costs nothing."""
    if how == "prices":
        project.settings = {"prices": {PAID: {"per_request": 0}}}
    else:
        project.use_schemas(model={"x-scorefile": {"price": {"usd": "0"}}})


HOW = pytest.mark.parametrize("how", ["prices", "a model file"])


@pytest.mark.sampled(2)
@HOW
@pytest.mark.parametrize("breaks", ["paid:rst", "paid:500", "paid:fin"])
def test_a_price_of_0_never_sends_an_unknown_payment_again(project: Project, how: str, breaks: str) -> None:
    say_free(project, how)
    write(project, {"a": "p1"}, f"submit={breaks}")
    for _ in range(2):
        done = project.run()
        assert done.code == 8, done
    assert counts(project, "p1") == [1]


@HOW
def test_a_price_of_0_asks_by_the_receipt_for_audio_that_is_gone(project: Project, how: str) -> None:
    say_free(project, how)
    write(project, {"a": "p1"})
    done = project.run()
    assert done.code == 0, done
    forget_state(project)
    made(project)
    assert counts(project, "p1") == [1]
    assert has_music_of(project, "a", "p1")


@HOW
@pytest.mark.parametrize("args", [["run"], ["run", "--yes", "--max-cost", "0.01"]], ids=" ".join)
def test_a_price_of_0_takes_no_paid_model_past_question_or_budget(project: Project, how: str, args: list[str]) -> None:
    say_free(project, how)
    write(project, {"a": "p1"})
    done = project.run(*args)
    assert done.code == 6, done
    assert "0.08" in done.out + done.err, "the price that counts is named"
    assert project.submits() == []


def test_a_higher_price_of_the_project_counts(project: Project) -> None:
    project.settings = {"prices": {PAID: {"per_request": 2}}}
    write(project, {"a": "p1"})
    assert project.run("run", "--yes", "--max-cost", "1").code == 6
    assert project.submits() == []


def test_a_model_that_is_shipped_free_is_still_sent_again(project: Project) -> None:
    project.settings = {"defaults": {"model": FREE}}
    write(project, {"a": "p1"}, "submit=paid:500,ok seconds=10", params={"duration": 10})
    made(project)
