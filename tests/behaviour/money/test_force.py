"""--force pays again for what was named, and for nothing else; the provider's ledger judges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.project import Project


@pytest.fixture
def made(project: Project) -> Project:
    """A theme, a variation that needs it, and a coda that needs the variation: all made, each charged once."""
    jobs = {"theme": [], "variation": ["theme"], "coda": ["variation"]}
    project.write_jobs({name: {"prompt": project.prompt(name), "needs": needs} for name, needs in jobs.items()})
    assert project.run().code == 0
    assert [len(project.charges(name)) for name in jobs] == [1, 1, 1]
    return project


@pytest.mark.sampled(2)
@pytest.mark.parametrize("words", [("coda",), ("--target", "cod*")])
def test_force_does_not_pay_again_for_what_the_job_needs(made: Project, words: tuple[str, ...]) -> None:
    done = made.run("run", "--yes", "--force", *words)
    assert done.code == 0, done
    assert [len(made.charges(name)) for name in ("theme", "variation", "coda")] == [1, 1, 2]


@pytest.mark.parametrize("verb", [("run", "--yes"), ("plan",)])
def test_force_without_a_name_is_refused(made: Project, verb: tuple[str, ...]) -> None:
    done = made.run(*verb, "--force")
    assert done.code == 2
    assert "--force sends a request again that was paid for already, so it needs the names of its jobs" in done.err
    assert "help: name them: scorefile run --force JOB; for another take: scorefile run --reroll JOB" in done.err
    assert [len(made.charges(name)) for name in ("theme", "variation", "coda")] == [1, 1, 1]


def test_force_of_a_glob_pays_for_every_job_that_it_names(made: Project) -> None:
    assert made.run("run", "--yes", "--force", "--target", "*").code == 0
    assert [len(made.charges(name)) for name in ("theme", "variation", "coda")] == [2, 2, 2]


def test_a_saved_plan_that_forces_a_job_forces_that_job_alone(made: Project) -> None:
    assert made.run("plan", "--force", "coda", "--out", "forced.json").code == 0
    saved = made.zygote.start(
        ["run", "forced.json", "--yes"],
        cwd=made.folder,
        env=made.environ(),
        out=made.folder.with_suffix(".out"),
        err=made.folder.with_suffix(".err"),
    )
    done = saved.wait(60)
    assert done.code == 0, done
    assert [len(made.charges(name)) for name in ("theme", "variation", "coda")] == [1, 1, 2]


def test_what_a_forced_job_needs_is_made_when_it_was_never_made(project: Project) -> None:
    jobs = {"theme": [], "variation": ["theme"]}
    project.write_jobs({name: {"prompt": project.prompt(name), "needs": needs} for name, needs in jobs.items()})
    assert project.run("run", "--yes", "--force", "variation").code == 0
    assert [len(project.charges(name)) for name in jobs] == [1, 1]
