"""Whose receipt it is: shards, twins, seeds that nobody wrote, and pipelines that were renamed."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import locks
from tests.support.catalog import SCHEMAS
from tests.support.git import Git
from tests.support.machines import (
    HELD,
    command,
    counts,
    forget_state,
    has_music_of,
    ids,
    interrupt,
    lock_of,
    made,
    write,
)

if TYPE_CHECKING:
    from tests.support.project import Project

SEEDED = "pixazo/ace-step"


# ---------------------------------------------------------------- 8: shards


def sharded(project: Project, parts: int) -> list[Project]:
    """Run each part in a folder of its own that has the pipeline and the lock alone."""
    found = []
    for part in range(1, parts + 1):
        one = replace(project, folder=project.folder.with_name(f"shard-{part}"))
        for path in project.folder.glob("trial.*"):
            shutil.copy(path, one.folder / path.name)
        made(one, "run", "--yes", "--shard", f"{part}/{parts}")
        found.append(one)
    return found


def joined(project: Project, parts: list[Project]) -> None:
    """Join the locks of all parts into the project's own."""
    paths = [str(part.folder / "trial.lock") for part in parts if (part.folder / "trial.lock").exists()]
    done = command(project, "merge", *paths, "-o", "trial.lock")
    assert done.code == 0, done.err


@pytest.mark.sampled(2)
@pytest.mark.parametrize("parts", [2, 3])
def test_attack_08_what_two_shards_need_is_paid_once(project: Project, parts: int) -> None:
    jobs: dict[str, dict[str, Any]] = {
        name: {"prompt": project.prompt(name), "needs": needs}
        for name, needs in {"a": ["base"], "b": ["base"], "base": [], "d": ["c"], "c": [], "alone": []}.items()
    }
    project.write_jobs(jobs)
    shards = sharded(project, parts)
    assert counts(project, *jobs) == [1] * len(jobs)
    joined(project, shards)
    assert locks.receipts(lock_of(project)) == ids(project)
    made(project)
    assert counts(project, *jobs) == [1] * len(jobs)


def test_attack_08_shards_of_a_lock_that_holds_part_pay_only_the_rest(project: Project) -> None:
    write(project, {"a": "p1", "b": "p2"})
    made(project)
    write(project, dict(zip("zyxw", ("p1", "p2", "p3", "p4"), strict=True)))
    shards = sharded(project, 2)
    joined(project, shards)
    made(project)
    assert counts(project, "p1", "p2", "p3", "p4") == [1] * 4


# ---------------------------------------------------------------- 9: twins


def test_attack_09_twins_with_the_same_bytes_are_two_receipts(project: Project) -> None:
    write(project, {"a": "p1", "b": "p1"}, "media=file:whole.wav")
    made(project)
    assert project.audio("a") == project.audio("b")
    (project.folder / "trial.lock").unlink()
    made(project)
    assert counts(project, "p1") == [2]
    forget_state(project)
    made(project)
    assert counts(project, "p1") == [2]


def test_attack_09_a_lock_of_yesterday_deals_out_twins_without_a_third(project: Project) -> None:
    write(project, {"a": "p1"})
    made(project)
    yesterday = lock_of(project)
    write(project, {"e": "p1", "a": "p1"})
    made(project)
    both = {project.audio("a"), project.audio("e")}
    (project.folder / "trial.lock").write_text(yesterday)
    write(project, {"e": "p1", "d": "p1"})
    made(project)
    assert counts(project, "p1") == [2]
    assert {project.audio("d"), project.audio("e")} == both


@pytest.mark.sampled(2)
@pytest.mark.parametrize("names", ["ab", "ba", "ac", "cd", "dc"])
def test_attack_09_twins_under_any_names_in_a_fresh_checkout_keep_a_piece_each(project: Project, names: str) -> None:
    write(project, {"a": "p1", "b": "p1"})
    made(project)
    both = {project.audio("a"), project.audio("b")}
    forget_state(project)
    write(project, dict.fromkeys(names, "p1"))
    made(project)
    assert counts(project, "p1") == [2]
    assert {project.audio(name) for name in names} == both


# ---------------------------------------------------------------- 12: a seed that nobody wrote


def use_model(project: Project, *, seed: bool) -> None:
    """Put the model beside the pipeline, with or without a seed."""
    data = json.loads((SCHEMAS / "models" / f"{SEEDED}.json").read_text())
    if not seed:
        del data["properties"]["seed"]
        data["x-scorefile"]["seed"] = None
    path = project.folder / "schemas" / "models" / f"{SEEDED}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data))


@pytest.mark.sampled(2)
@pytest.mark.parametrize("store", [True, False], ids=["with a store", "without a store"])
@pytest.mark.parametrize("at_first", [True, False], ids=["loses", "learns"])
def test_attack_12_a_model_that_learns_or_loses_a_seed_pays_nothing(
    project: Project, at_first: bool, store: bool
) -> None:
    project.settings = {"defaults": {"model": SEEDED}}
    write(project, {"a": "p1"}, params={"duration": 1})
    for seed in (at_first, not at_first, at_first):
        use_model(project, seed=seed)
        made(project)
        assert has_music_of(project, "a", "p1")
        if not store:
            forget_state(project)
    assert counts(project, "p1") == [1]


def test_attack_12_a_seed_that_a_person_wrote_is_part_of_what_is_asked_for(project: Project) -> None:
    project.settings = {"defaults": {"model": SEEDED}}
    for seed, charges in ((5, 1), (6, 2), (5, 2)):
        forget_state(project)
        write(project, {"a": "p1"}, params={"duration": 1, "seed": seed})
        made(project)
        assert counts(project, "p1") == [charges]


# ---------------------------------------------------------------- 13: another name for the pipeline's file


@pytest.mark.sampled(3)
@pytest.mark.parametrize("left", ["unknown", "pending", "done"])
def test_attack_13_a_renamed_pipeline_names_its_old_lock_and_pays_nothing(project: Project, left: str) -> None:
    script = {"done": "", "pending": HELD, "unknown": "submit=paid:rst"}[left]
    write(project, {"a": "p1"}, script)
    if left == "pending":
        interrupt(project, "p1")
    else:
        project.run()
    git = Git(project.folder).init()
    git("mv", "trial.yaml", "album.yaml")
    for verb in (["run", "--yes"], ["plan"]):
        done = command(project, verb[0], "album.yaml", *verb[1:])
        assert done.code not in (0, 1), done
        assert "trial.lock" in done.out + done.err, done
        assert "album.lock" in done.out + done.err, "the name that it should have"
    assert counts(project, "p1") == [1]
    git("mv", "trial.lock", "album.lock")
    done = command(project, "run", "album.yaml", "--yes")
    assert done.code == (8 if left == "unknown" else 0), done
    assert counts(project, "p1") == [1]


def test_attack_13_a_second_pipeline_beside_the_first_needs_no_lock_of_it(project: Project) -> None:
    write(project, {"a": "p1"})
    made(project)
    shutil.copy(project.folder / "trial.yaml", project.folder / "album.yaml")
    text = (project.folder / "album.yaml").read_text()
    (project.folder / "album.yaml").write_text(text.replace("-p1", "-p2").replace('"a"', '"b"'))
    done = command(project, "run", "album.yaml", "--yes")
    assert done.code == 0, done
    assert counts(project, "p1", "p2") == [1, 1]


@pytest.mark.sampled(2)
@pytest.mark.parametrize("taken", [False, True], ids=["no state", "a state of that name"])
def test_the_commands_that_a_renamed_pipeline_names_can_be_followed(project: Project, taken: bool) -> None:
    write(project, {"a": "p1"})
    made(project)
    (project.folder / "trial.yaml").rename(project.folder / "album.yaml")
    states = project.folder / ".scorefile" / "pipelines"
    if taken:
        (states / "album").mkdir()
    done = command(project, "run", "album.yaml", "--yes")
    assert done.code == 4, done
    advice = done.err.partition("keep them under the new name: ")[2].splitlines()[0]
    subprocess.run(advice, shell=True, check=True, cwd=project.folder)
    assert sorted(path.name for path in states.iterdir() if path.is_dir()) == (
        ["album", "trial"] if taken else ["album"]
    )
    assert not (states / "album" / "trial").exists()
    assert command(project, "run", "album.yaml", "--yes").code == 0
    assert counts(project, "p1") == [1]
