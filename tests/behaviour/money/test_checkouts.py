"""A fresh checkout has the pipeline and the lock, and nothing else: it finishes what another machine began."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.support import locks, machines
from tests.support.machines import HELD

if TYPE_CHECKING:
    from tests.support.project import Project
    from tests.torture.forks import Done

HIDES_IDS, SHOWS_IDS = "pixverse/music-2.6", "pixazo/lyria-3-pro"


@pytest.fixture(autouse=True)
def plays_wav(project: Project) -> None:
    """Let the model that hides its ids hand over what the test vendor has."""
    project.use_schemas(model={"x-scorefile": {"media_types": ["audio/wav"]}}, name=HIDES_IDS)


def interrupt(project: Project, model: str, script: str = HELD) -> str:
    """Run one job, stop while the vendor is at work on it, lose all but pipeline and lock; return the vendor's id."""
    project.write_jobs({"a": {"model": model, "prompt": project.prompt("a", script)}})
    (id_,) = machines.interrupt(project, "a")
    shutil.rmtree(project.folder / ".scorefile")
    return id_


def pending(project: Project) -> str:
    """Return the id of the receipt in the lock."""
    (noted,) = locks.submissions((project.folder / "trial.lock").read_text(), "a")
    return noted.id


@pytest.mark.parametrize("model", [SHOWS_IDS, HIDES_IDS])
def test_a_fresh_checkout_finishes_what_was_paid_for_elsewhere(project: Project, model: str) -> None:
    id_ = interrupt(project, model)
    assert (pending(project) == id_) is (model == SHOWS_IDS)
    done: Done = project.run()
    assert done.code == 0, done
    assert len(project.submits()) == 1
    assert project.is_right("a")


def test_an_id_is_found_on_a_later_page_of_the_list(project: Project) -> None:
    interrupt(project, HIDES_IDS)
    other = replace(project, folder=project.folder.with_name("other"), tag=f"later-{project.tag}")
    other.write_jobs({name: {"model": SHOWS_IDS, "prompt": other.prompt(name)} for name in "abcde"})
    assert other.run().code == 0
    assert project.run().code == 0
    assert len(project.heard(id="offset=")) > 0
    assert project.is_right("a")


def test_an_id_that_is_not_in_the_list_stays_in_the_lock_and_is_told_by_hand(project: Project) -> None:
    id_ = interrupt(project, HIDES_IDS, HELD + " unlisted=yes")
    before = pending(project)
    for _ in range(2):
        done = project.run()
        assert done.code == 5, done
        assert "PixVerse by useapi.net did not return the job id: the list does not contain it" in done.out
        assert "scorefile resolve trial.yaml a --id ID" in done.out
    assert pending(project) == before
    for undecided in (["--not-charged"], ["--resubmit"], ["--id", "tracks_ffffffffffffffff"]):
        assert project.run("resolve", "a", *undecided).code == 2
    assert project.run("resolve", "a", "--id", id_).code == 0
    assert pending(project) == before
    assert project.run().code == 0
    assert len(project.submits()) == 1
    assert project.is_right("a")


def test_lost_audio_is_fetched_again_by_the_digest_of_its_receipt(project: Project) -> None:
    project.write_jobs({"a": {"model": HIDES_IDS, "prompt": project.prompt("a")}})
    assert project.run().code == 0
    shutil.rmtree(project.folder / ".scorefile")
    shutil.rmtree(project.folder / "audio")
    assert project.run().code == 0
    assert len(project.submits()) == 1
    assert project.is_right("a")


def test_a_list_that_cannot_be_had_loses_nothing(project: Project) -> None:
    interrupt(project, HIDES_IDS)
    before = pending(project)
    project.env["SCOREFILE_PIXVERSE_BASE_URL"] = "http://127.0.0.1:9"
    done = project.run()
    assert done.code == 5, done
    assert pending(project) == before
    del project.env["SCOREFILE_PIXVERSE_BASE_URL"]
    assert project.run().code == 0
    assert project.is_right("a")
