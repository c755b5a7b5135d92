"""Audio that is back heals its job; what a plan and a run say of it is true."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.behaviour.damage.test_disk import mounted
from tests.support import locks
from tests.support.machines import counts, forget_state, has_music_of, lock_of, made, write

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.project import Project

FORGETS = "poll=done,404"
"""The provider answers the first poll, and has forgotten the job from then on."""
LONG_AGO = "2026-01-01T12:00:00Z"


def age(project: Project) -> None:
    """Let the receipt be so old that a provider that does not know it is believed."""

    def change(submission: dict[str, Any]) -> None:
        submission["receipt"]["submitted_at"] = LONG_AGO

    (project.folder / "trial.lock").write_text(locks.edited(lock_of(project), "a", change))


def lost(project: Project, *, locked: bool) -> bytes:
    """Leave a job whose audio is gone and whose provider has forgotten it, and return the audio."""
    write(project, {"a": "p1"}, FORGETS)
    made(project)
    audio = project.audio("a")
    assert audio is not None
    age(project)
    forget_state(project)
    done = project.run("run", "--yes", *["--locked"] * locked)
    assert done.code == 5, done
    return audio


@pytest.mark.sampled(2)
@pytest.mark.parametrize("back", ["output", "store"])
@pytest.mark.parametrize("locked", [True, False], ids=["--locked", "not locked"])
def test_tries_b1_audio_that_is_back_ends_a_lost_job_without_a_request(
    project: Project, locked: bool, back: str
) -> None:
    audio = lost(project, locked=locked)
    (submission,) = locks.submissions(lock_of(project), "a")
    (sha256,) = submission.takes
    blob = project.folder / ".scorefile" / "blobs" / sha256[:2] / sha256
    target: Path = project.folder / "audio" / "a.wav" if back == "output" else blob
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(audio)
    asked = len(project.vendor.requests())
    assert "finish" not in project.run("plan").out
    for _ in range(2):
        done = project.run("run", "--yes", *["--locked"] * locked)
        assert done.code == 0, done
    assert len(project.vendor.requests()) == asked
    assert has_music_of(project, "a", "p1")
    assert counts(project, "p1") == [1]
    assert "lost" not in project.run("status").out


def test_tries_b8_a_free_job_that_failed_on_a_full_disk_leaves_room_for_the_paid_one(project: Project) -> None:
    project.settings = {"providers": {"pixazo": {"max_in_flight": 1}}}
    with mounted(project.folder, "size=6m"):
        project.write_jobs(
            {
                "sketch": {"model": "local/sketch", "prompt": "calm", "params": {"duration": 60}},
                "paid": {"prompt": project.prompt("p1", "poll=" + "word:QUEUED," * 36 + "done")},
            }
        )
        done = project.run(timeout_s=30)
        assert done.code == 5, done
        assert project.litter() == []
        assert has_music_of(project, "paid", "p1")
        assert counts(project, "p1") == [1]


@pytest.mark.sampled(2)
@pytest.mark.parametrize("store", [True, False], ids=["with a store", "without a store"])
def test_tries_b10_a_git_lfs_pointer_is_named_as_one(project: Project, store: bool) -> None:
    write(project, {"a": "p1"})
    made(project)
    (submission,) = locks.submissions(lock_of(project), "a")
    pointer = (
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{submission.takes[0]}\n"
        f"size {len(project.audio('a') or b'')}\n"
    )
    if not store:
        shutil.rmtree(project.folder / ".scorefile")
    (project.folder / "audio" / "a.wav").write_text(pointer)
    asked = len(project.vendor.requests())
    done = project.run("run", "--yes", "--locked")
    assert "Git LFS pointer" in done.out + done.err, done
    assert "git lfs pull" in done.out + done.err
    assert (project.folder / "audio" / "a.wav").read_text() == pointer
    assert len(project.vendor.requests()) == asked
    assert "git lfs pull" in project.run("verify").out
