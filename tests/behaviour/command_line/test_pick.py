"""scorefile pick: the lock keeps the choice, and the next run costs nothing."""

from __future__ import annotations

import hashlib
import json
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.support.command import scorefile

if TYPE_CHECKING:
    from pathlib import Path

PIPELINE = """\
version: 1
defaults: {model: local/sketch, params: {duration: 0.5}}
jobs:
  # the theme
  title:
    prompt: "Calm"   # keep it calm
    params: {batch_size: 3}   # three to choose from

    labels: [menu]
  battle:
    matrix: {heat: {calm: 100, hot: 150}}
    prompt: Drums
    params: {bpm: "{{ heat }}", batch_size: 2}
  sting: {prompt: Hit}
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where every job has its takes."""
    folder = tmp_path_factory.mktemp("pick")
    (folder / "scorefile.yaml").write_text(PIPELINE)
    assert scorefile("run", cwd=folder).code == 0
    return folder


def placed(made: Path, job: str) -> int:
    """Return which take of a job is at its output."""
    items = json.loads((made / "scorefile.lock").read_text())["jobs"][job]["submissions"]
    (item,) = (item for item in items if "output" in item)
    found = hashlib.sha256((made / item["output"]["path"]).read_bytes()).hexdigest()
    assert found == item["output"]["sha256"]
    return [take["sha256"] for take in item["takes"]].index(found) + 1


def test_a_pick_is_in_the_lock_and_the_next_run_restores_it_for_nothing(made: Path) -> None:
    done = scorefile("pick", "title", "2", cwd=made)
    assert done.code == 0
    assert "picked take 2 of title" in done.err
    assert "scorefile run" in done.err
    assert (made / "scorefile.yaml").read_text() == PIPELINE, "it is a person's choice, and no part of the request"
    planned = scorefile("plan", "--format", "json", cwd=made).json
    assert {action["job"]: action["verb"] for action in planned["actions"]}["title"] == "restore"
    assert "take 2 is chosen; take 1 is in place" in scorefile("plan", cwd=made).out
    assert scorefile("run", cwd=made).code == 0
    assert placed(made, "title") == 2
    assert scorefile("run", cwd=made).out.startswith("nothing to do")

    assert scorefile("pick", "title", "3", "scorefile.yaml", cwd=made).code == 0
    assert "take 3 of title was picked already" in scorefile("pick", "title", "3", cwd=made).err


def test_one_cell_is_picked_or_all_of_a_matrix(made: Path) -> None:
    assert scorefile("pick", "battle@hot", "2", cwd=made).code == 0
    assert scorefile("run", cwd=made).code == 0
    assert (placed(made, "battle@calm"), placed(made, "battle@hot")) == (1, 2)
    assert scorefile("pick", "battle", "2", cwd=made).code == 0
    assert scorefile("run", cwd=made).code == 0
    assert (placed(made, "battle@calm"), placed(made, "battle@hot")) == (2, 2)


def test_a_pick_goes_with_a_job_that_is_renamed(made: Path, tmp_path: Path) -> None:
    here = tmp_path / "here"
    shutil.copytree(made, here)
    assert scorefile("pick", "title", "2", cwd=here).code == 0
    (here / "scorefile.yaml").write_text(PIPELINE.replace("  title:", "  opening:"))
    assert scorefile("run", cwd=here).code == 0
    assert placed(here, "opening") == 2
    assert scorefile("run", cwd=here).out.startswith("nothing to do")


def test_a_pick_does_not_count_for_audio_that_was_made_later(made: Path, tmp_path: Path) -> None:
    here = tmp_path / "here"
    shutil.copytree(made, here)
    assert scorefile("pick", "title", "2", cwd=here).code == 0
    (here / "scorefile.yaml").write_text(PIPELINE.replace('"Calm"', '"Wild"'))
    assert scorefile("run", cwd=here).code == 0
    assert placed(here, "title") == 1
    (here / "scorefile.yaml").write_text(PIPELINE)
    assert scorefile("run", cwd=here).code == 0
    assert placed(here, "title") == 2, "it counts again for what it was said of"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("title", "4"), "title has 3 takes, so there is no take 4"),
        (("sting", "2"), "sting has 1 take, so there is no take 2"),
        (("battle@hot", "3"), "battle@hot has 2 takes, so there is no take 3"),
        (("tite", "1"), "did you mean title?"),
        (("title", "0"), "TAKE is '0', not a number from 1"),
        (("title", "1", "none.yaml"), "there is no none.yaml"),
    ],
)
def test_what_cannot_be_picked_is_refused_and_nothing_is_written(made: Path, words: tuple[str, ...], said: str) -> None:
    before = (made / "scorefile.lock").read_bytes()
    done = scorefile("pick", *words, cwd=made)
    assert done.code == 2
    assert said in done.err
    assert (made / "scorefile.lock").read_bytes() == before


def test_before_the_first_run_there_is_nothing_to_pick(tmp_path: Path) -> None:
    (tmp_path / "scorefile.yaml").write_text(PIPELINE)
    assert "title has no takes to choose from" in scorefile("pick", "title", "1", cwd=tmp_path).err
