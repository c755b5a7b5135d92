"""Links and devices that a cloned repository brings where the lock and the state belong: nothing is written through them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.support.desks import posix_only

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.project import Project

pytestmark = posix_only("links and pipes are made here")
VERBS = [
    ("run", "--yes"),
    ("run", "--yes", "--frozen"),
    ("plan",),
    ("validate",),
    ("status",),
    ("verify",),
    ("log",),
    ("render",),
    ("resolve",),
    ("cancel", "a"),
    ("gc", "--yes"),
    ("forget", "gone", "--yes"),
    ("adopt", "a"),
    ("fmt",),
    ("doctor", "--state"),
]
NO_LINK = "is a link; the lock and the state folder are read and written through no link"
PLACES = [
    "trial.lock",
    ".scorefile",
    ".scorefile/.gitignore",
    ".scorefile/pipelines",
    ".scorefile/pipelines/trial",
    ".scorefile/pipelines/trial/journal.db",
    ".scorefile/pipelines/trial/journal.checkpoint",
    ".scorefile/pipelines/trial/run.flock",
    ".scorefile/pipelines/trial/run.holder",
    ".scorefile/blobs",
    ".scorefile/blobs/incoming",
]


@pytest.fixture(autouse=True)
def sketch(project: Project) -> None:
    """A pipeline that needs no provider."""
    project.write_jobs({"a": {"model": "local/sketch", "prompt": "$(id > OWNED)", "params": {"duration": 0.5}}})


def outside(project: Project) -> Path:
    """Return a folder beside the project that holds nothing."""
    folder = project.folder.with_name("outside")
    folder.mkdir(exist_ok=True)
    return folder


@pytest.mark.sampled(3)
@pytest.mark.parametrize("words", VERBS, ids=" ".join)
@pytest.mark.parametrize("name", ["trial.lock", ".scorefile"])
def test_every_verb_refuses_a_link(project: Project, name: str, words: tuple[str, ...]) -> None:
    target = outside(project)
    link = project.folder / name
    link.symlink_to(target if name == ".scorefile" else target / "bash_aliases")
    done = project.run(*words, timeout_s=20)
    assert done.code == 3, done
    assert f"error: {link} {NO_LINK}" in done.err
    assert list(target.iterdir()) == []
    assert link.is_symlink()


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("rehearse", [(), ("--rehearse",)], ids=["real", "rehearsal"])
def test_a_run_writes_through_no_link(project: Project, name: str, rehearse: tuple[str, ...]) -> None:
    assert project.run("run", "--yes", *rehearse).code == 0
    if rehearse:
        name = name.replace("pipelines/trial", "rehearsal/trial").replace(
            "scorefile/blobs", "scorefile/rehearsal/trial/blobs"
        )
        name = name.replace("pipelines", "rehearsal").replace("trial.lock", ".scorefile/rehearsal/trial/trial.lock")
    link, target = project.folder / name, outside(project) / "target"
    if link.exists():
        link.rename(target)
    link.symlink_to(target)
    before = {path: path.stat().st_mtime_ns for path in outside(project).rglob("*")}
    done = project.run("run", "--yes", "--force", "--target", "*", *rehearse)
    assert done.code == 3, done
    assert f"error: {link} {NO_LINK}" in done.err
    assert {path: path.stat().st_mtime_ns for path in outside(project).rglob("*")} == before


@pytest.mark.parametrize("name", ["scorefile-rehearsal", "scorefile-rehearsal/trial"])
def test_a_rehearsal_writes_no_output_through_a_link(project: Project, name: str) -> None:
    link = project.folder / name
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(outside(project))
    done = project.run("run", "--yes", "--rehearse")
    assert done.code == 3, done
    assert f"error: {link} {NO_LINK}" in done.err
    assert list(outside(project).iterdir()) == []


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", ["trial.lock", ".scorefile", *PLACES[2:6]])
def test_a_pipe_is_refused_and_not_waited_for(project: Project, name: str) -> None:
    pipe = project.folder / name
    pipe.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(pipe)
    for verb in ("run", "status"):
        done = project.run(verb, timeout_s=20)
        assert done.code == 3, done
        assert f"error: {pipe} is not a " in done.err


def test_a_lock_without_end_is_not_read(project: Project) -> None:
    (project.folder / "trial.lock").symlink_to("/dev/zero")
    done = project.run("status", timeout_s=20)
    assert done.code == 3, done
    assert NO_LINK in done.err


def test_a_lock_is_read_up_to_its_limit(project: Project) -> None:
    lock = project.folder / "trial.lock"
    with lock.open("wb") as file:
        file.truncate(40 << 30)
    done = project.run("status", timeout_s=20)
    lock.unlink()
    assert done.code == 3, done
    assert "trial.lock cannot be read: it is larger than 64 MiB" in done.err


def test_a_link_that_the_user_names_by_the_environment_is_followed(project: Project) -> None:
    link = project.folder.with_name("linked-state")
    link.symlink_to(outside(project))
    project.env["SCOREFILE_STATE_DIR"] = str(link)
    done = project.run()
    assert done.code == 0, done
    assert (outside(project) / "pipelines" / "trial" / "journal.db").exists()


def test_a_link_of_the_repository_is_not_followed_although_the_environment_names_it(project: Project) -> None:
    (project.folder / "state").symlink_to(outside(project))
    project.env["SCOREFILE_STATE_DIR"] = str(project.folder / "state")
    done = project.run()
    assert done.code == 3, done
    assert NO_LINK in done.err
    assert list(outside(project).iterdir()) == []


def test_a_blob_that_is_a_link_is_no_take(project: Project) -> None:
    assert project.run().code == 0
    (blob,) = (path for path in (project.folder / ".scorefile" / "blobs").glob("??/*"))
    target = outside(project) / "take"
    blob.rename(target)
    blob.symlink_to(target)
    audio = project.audio("a")
    (project.folder / "audio").rename(project.folder / "old")
    done = project.run()
    assert done.code == 0, done
    assert project.audio("a") == audio
    assert list(outside(project).iterdir()) == [target]
