"""`--locked`: the lock stays as it is byte for byte, and nothing is submitted, whatever it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.machines import forget_state, made, write

if TYPE_CHECKING:
    from tests.support.project import Project

PAID, FREE = "pixazo/lyria-3-pro", "pixazo/tracks"
TEN_S = "seconds=10"
"""A script: the music lasts as long as was asked for."""


def files(project: Project) -> dict[str, bytes]:
    """Return the lock and every output."""
    found = [project.folder / "trial.lock", *(project.folder / "audio").glob("*")]
    return {path.name: path.read_bytes() for path in found if path.exists()}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("model", [FREE, PAID, "local/sketch"])
def test_locked_makes_nothing_and_changes_nothing(project: Project, model: str) -> None:
    project.settings = {"defaults": {"model": model}}
    write(project, {"a": "p1"}, TEN_S, **({} if model == PAID else {"params": {"duration": 10}}))
    made(project)
    before, submits = files(project), len(project.submits())
    forget_state(project)
    assert project.run("plan", "--locked").code == 0
    for _ in range(2):
        done = project.run("run", "--yes", "--locked")
        assert done.code == 0, done
        assert files(project) == before
    assert len(project.submits()) == submits


@pytest.mark.sampled(3)
@pytest.mark.parametrize("model", [FREE, PAID, "local/sketch"])
@pytest.mark.parametrize("change", ["prompt", "name", "new job"])
def test_locked_refuses_what_would_change_the_lock(project: Project, model: str, change: str) -> None:
    project.settings = {"defaults": {"model": model}}
    more = {} if model == PAID else {"params": {"duration": 10, "seed": 7}}
    write(project, {"a": "p1"}, TEN_S, **more)
    made(project)
    before, submits = files(project), len(project.submits())
    jobs = {"prompt": {"a": "p2"}, "name": {"b": "p1"}, "new job": {"a": "p1", "b": "p2"}}[change]
    write(project, jobs, TEN_S, **more)
    done = project.run("run", "--yes", "--locked")
    assert done.code == 4, done
    assert files(project) == before
    assert len(project.submits()) == submits


def test_locked_finishes_no_pending_receipt_and_makes_no_lock(project: Project) -> None:
    write(project, {"a": "p1"})
    done = project.run("run", "--yes", "--locked")
    assert done.code == 4, done
    assert files(project) == {}
    assert project.submits() == []
