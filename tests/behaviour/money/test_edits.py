"""Edits that mean the same ask for nothing; a changed prompt asks for exactly one."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.support.long import sampled

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.project import Project

Jobs = dict[str, dict[str, Any]]


def renamed(jobs: Jobs, chance: random.Random) -> Jobs:
    """Give one job another name; it keeps its output."""
    old = chance.choice(list(jobs))
    return {(f"{name}{chance.randrange(10_000)}" if name == old else name): job for name, job in jobs.items()}


def reordered(jobs: Jobs, chance: random.Random) -> Jobs:
    """Put the jobs in another order."""
    return dict(chance.sample(list(jobs.items()), len(jobs)))


def moved(jobs: Jobs, chance: random.Random) -> Jobs:
    """Change where one output goes."""
    name = chance.choice(list(jobs))
    return jobs | {name: jobs[name] | {"output": f"audio/moved-{chance.randrange(10_000)}"}}


def labelled(jobs: Jobs, chance: random.Random) -> Jobs:
    """Say things about a job that no vendor hears."""
    name = chance.choice(list(jobs))
    return jobs | {name: jobs[name] | {"labels": ["x"], "timeout_s": 60, "retries": 1, "x-note": "mine"}}


def spelled_out(jobs: Jobs, chance: random.Random) -> Jobs:
    """Write one job's prompt where parameters stand, and its model where it is used."""
    name = chance.choice(list(jobs))
    job = dict(jobs[name])
    prompt = job.pop("prompt", None) or job["params"]["prompt"]
    return jobs | {name: job | {"params": {"prompt": prompt}, "model": "pixazo/lyria-3-pro"}}


EDITS: list[Callable[[Jobs, random.Random], Jobs]] = [renamed, reordered, moved, labelled, spelled_out]
FORMS: list[Callable[[Any], str]] = [
    json.dumps,
    lambda data: json.dumps(data, indent=4),
    lambda data: yaml.safe_dump(data, sort_keys=False),
    lambda data: "# a comment\n" + yaml.safe_dump(data, sort_keys=False).replace("\n", "  # and another\n"),
    lambda data: "\ufeff" + yaml.safe_dump(data, sort_keys=False).replace("\n", "\r\n"),
]


def write(project: Project, jobs: Jobs, form: Callable[[Any], str]) -> None:
    """Write the pipeline in one of many forms."""
    data = {"version": 1, "name": "trial", "defaults": {"model": "pixazo/lyria-3-pro"}, "jobs": jobs}
    (project.folder / "trial.yaml").write_bytes(form(data).encode())


@pytest.mark.sampled
@pytest.mark.parametrize("seed", range(sampled(2, 60)))
def test_edits_that_mean_the_same_submit_nothing(project: Project, seed: int) -> None:
    chance = random.Random(seed)
    jobs: Jobs = {name: {"prompt": project.prompt(name), "output": f"audio/{name}"} for name in "abc"}
    write(project, jobs, chance.choice(FORMS))
    assert project.run().code == 0
    for _ in range(4):
        jobs = chance.choice(EDITS)(jobs, chance)
        write(project, jobs, chance.choice(FORMS))
        done = project.run()
        assert done.code == 0, done
    assert len(project.submits()) == 3
    changed = chance.choice(list(jobs))
    old = jobs[changed].pop("prompt", None) or jobs[changed].pop("params")["prompt"]
    jobs[changed]["prompt"] = f"{old} and now with an oboe"
    write(project, jobs, FORMS[0])
    assert project.run().code == 0
    assert len(project.submits()) == 4
    assert project.run().code == 0
    assert len(project.submits()) == 4


@pytest.mark.sampled(2)
@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_while_a_job_is_unfinished_submits_nothing(
    project: Project, edit: Callable[[Jobs, random.Random], Jobs]
) -> None:
    jobs: Jobs = {"a": {"prompt": project.prompt("a", "poll=" + "word:QUEUED," * 6 + "done"), "timeout_s": 0.05}}
    write(project, jobs, FORMS[0])
    assert project.run().code == 5
    jobs = edit({name: job | {"timeout_s": 60} for name, job in jobs.items()}, random.Random(0))
    write(project, jobs, FORMS[0])
    assert project.run().code == 0
    assert len(project.submits()) == 1


def test_a_take_back_submits_nothing(project: Project) -> None:
    jobs: Jobs = {"a": {"prompt": project.prompt("a")}}
    for prompt, submits in (("", 1), (" brighter", 2), ("", 2), (" brighter", 2)):
        write(project, {"a": {"prompt": jobs["a"]["prompt"] + prompt}}, FORMS[0])
        assert project.run().code == 0
        assert len(project.submits()) == submits
