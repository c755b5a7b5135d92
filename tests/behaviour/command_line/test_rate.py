"""rate, by the command line over real files, a real store and real git."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft7Validator

from tests.report.test_formats import OUTPUT
from tests.support.command import scorefile
from tests.support.git import Git

if TYPE_CHECKING:
    from pathlib import Path

PIPELINE = """\
version: 1
defaults: {model: local/sketch, params: {duration: 0.5}}
jobs:
  title: {prompt: Calm, params: {batch_size: 2}}
  battle:
    matrix: {heat: {calm: 100, hot: 150}}
    prompt: Drums
    params: {bpm: "{{ heat }}"}
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where title has two takes, and each cell of battle has one."""
    folder = tmp_path_factory.mktemp("rate") / "made"
    folder.mkdir()
    (folder / "scorefile.yaml").write_text(PIPELINE)
    assert scorefile("run", cwd=folder).code == 0
    return folder


@pytest.fixture
def here(made: Path, tmp_path: Path) -> Path:
    """Return a copy of that folder to change."""
    return shutil.copytree(made, tmp_path / "here")


def rate(folder: Path, *words: str, by: str = "Ada") -> str:
    done = scorefile("rate", *words, "--by", by, cwd=folder)
    assert done.code == 0, done
    return done.err


def takes(folder: Path, job: str = "title") -> list[dict[str, Any]]:
    done = scorefile("takes", job, "--format", "json", cwd=folder)
    assert done.code == 0, done
    Draft7Validator(OUTPUT).validate(done.json)
    found: list[dict[str, Any]] = done.json["takes"]
    return found


def said(folder: Path, number: int = 1, job: str = "title") -> set[tuple[str, int | None, str]]:
    """Return who gives how many stars to a take, and with which note."""
    return {(word["by"], word["stars"], word["note"]) for word in takes(folder, job)[number - 1]["ratings"]}


def test_a_rating_is_of_the_hash_of_the_chosen_take_or_of_another_one(here: Path) -> None:
    assert rate(here, "title", "battle", "--stars", "4") == (
        "Ada rated title (take 1), battle@calm (take 1), battle@hot (take 1): 4 stars\n"
    )
    rate(here, "title", "--take", "2", "--stars", "1", "--note", "too loud\nat the end")
    assert [said(here, number) for number in (1, 2)] == [{("Ada", 4, "")}, {("Ada", 1, "too loud\nat the end")}]
    ratings = json.loads((here / "scorefile.lock").read_text())["jobs"]["title"]["ratings"]
    assert {word["sha256"]: word["stars"] for word in ratings} == {
        take["sha256"]: stars for take, stars in zip(takes(here), (4, 1), strict=True)
    }
    assert scorefile("run", cwd=here).out.startswith("nothing to do")


def test_takes_shows_the_mean_of_the_stars_and_all_notes(here: Path) -> None:
    before = scorefile("takes", cwd=here).out
    assert "STARS" not in before, "nobody said anything"
    rate(here, "title", "--stars", "4", "--note", "warm")
    rate(here, "title", "--stars", "5", by="Bob")
    assert scorefile("approve", "title", "--by", "Cleo", "--note", "für den Trailer", cwd=here).code == 0
    assert takes(here)[0]["stars"] == 4.5
    head, *rows = scorefile("takes", "--wide", cwd=here).out.splitlines()
    assert head.split()[-3:] == ["HASH", "STARS", "NOTES"]
    row = next(row for row in rows if row.startswith("title") and "Cleo" in row)
    assert row.endswith("  4.5    Ada: warm; Cleo: für den Trailer")


def test_another_rating_takes_the_place_of_the_same_persons_and_keeps_what_is_not_named(here: Path) -> None:
    rate(here, "title", "--stars", "2", "--note", "thin")
    rate(here, "title", "--stars", "3", by="Bob")
    rate(here, "title", "--stars", "4")
    assert said(here) == {("Ada", 4, "thin"), ("Bob", 3, "")}
    rate(here, "title", "--note", "warm")
    assert said(here) == {("Ada", 4, "warm"), ("Bob", 3, "")}
    rate(here, "title", "--note", "")
    assert said(here) == {("Ada", 4, ""), ("Bob", 3, "")}


def test_the_same_again_leaves_the_lock_as_it_is(here: Path) -> None:
    rate(here, "title", "--stars", "4", "--note", "warm")
    before = (here / "scorefile.lock").read_bytes()
    rate(here, "title", "--stars", "4", "--note", " warm ")
    rate(here, "battle@hot", "--note", "")
    assert (here / "scorefile.lock").read_bytes() == before


def test_a_person_withdraws_their_own_rating_and_no_other(here: Path) -> None:
    rate(here, "title", "--stars", "2")
    rate(here, "title", "--stars", "3", by="Bob")
    assert rate(here, "title", "--withdraw") == "Ada no longer rates title (take 1)\n"
    assert said(here) == {("Bob", 3, "")}
    refused = scorefile("rate", "title", "--withdraw", "--by", "Ada", cwd=here)
    assert (refused.code, "title has no rating by Ada to withdraw" in refused.err) == (2, True), refused
    rate(here, "title", "--stars", "2")
    assert said(here) == {("Ada", 2, ""), ("Bob", 3, "")}
    rate(here, "battle", "--note", "loud")
    rate(here, "battle", "--note", "")
    assert said(here, job="battle@hot") == set(), "nothing is left of it"


def test_what_is_told_to_programs_fits_its_schema(here: Path) -> None:
    done = scorefile("rate", "title", "--stars", "4", "--note", "warm", "--by", "Ada", "--format", "json", cwd=here)
    Draft7Validator(OUTPUT).validate(done.json)
    sha256 = takes(here)[0]["sha256"]
    assert done.json["jobs"] == [{"job": "title", "take": 1, "sha256": sha256, "stars": 4, "note": "warm"}]
    assert (done.json["command"], done.json["by"], done.json["withdrawn"]) == ("rate", "Ada", False)
    ended = scorefile("rate", "title", "--withdraw", "--by", "Ada", "--json", cwd=here)
    assert ended.code in (0, 2)


def test_ratings_on_two_branches_are_all_there_after_a_merge_until_the_person_rates_again(here: Path) -> None:
    git = Git(here).init()
    git.commit("make them")
    for branch, words in (("ours", ("--stars", "4", "--note", "warm")), ("theirs", ("--stars", "2", "--note", "thin"))):
        git("checkout", "--quiet", "-b", branch, "main")
        rate(here, "title", *words)
        rate(here, "title", "--stars", "5", by=branch)
        git.commit(f"rate on {branch}")
    git("merge", "ours", fails=True)
    assert git.conflicts() <= {"scorefile.lock"}
    assert scorefile("merge", cwd=here).code == 0
    both = {("Ada", 4, "warm"), ("Ada", 2, "thin"), ("ours", 5, ""), ("theirs", 5, "")}
    assert said(here) == both
    git.commit("join")
    rate(here, "title", "--stars", "3", "--note", "warm, but thin")
    assert said(here) == {("Ada", 3, "warm, but thin"), ("ours", 5, ""), ("theirs", 5, "")}
    git.commit("settle")
    git("checkout", "--quiet", "ours")
    git("merge", "theirs")
    assert said(here) == {("Ada", 3, "warm, but thin"), ("ours", 5, ""), ("theirs", 5, "")}


def test_a_renamed_job_keeps_its_ratings(here: Path) -> None:
    rate(here, "title", "--stars", "4", "--note", "warm")
    (here / "scorefile.yaml").write_text(PIPELINE.replace("  title:", "  opening:"))
    assert scorefile("run", cwd=here).code == 0
    assert said(here, job="opening") == {("Ada", 4, "warm")}


def test_a_free_take_that_was_rated_stays_in_the_lock_and_in_the_store(here: Path) -> None:
    rate(here, "title", "--take", "2", "--note", "keep it")
    rated, unrated = takes(here)[1]["sha256"], takes(here, "battle@hot")[0]["sha256"]
    (here / "scorefile.yaml").write_text(PIPELINE.replace("Calm", "Wild").replace("Drums", "Bells"))
    assert scorefile("run", cwd=here).code == 0
    assert scorefile("gc", "--yes", cwd=here).code == 0
    lock, blobs = (here / "scorefile.lock").read_text(), here / ".scorefile/blobs"
    assert [lock.count(name) for name in (rated, unrated)] == [2, 0], "the take, and what was said of it"
    assert [(blobs / name[:2] / name).exists() for name in (rated, unrated)] == [True, False]
    (here / "scorefile.yaml").write_text(PIPELINE)
    assert scorefile("run", cwd=here).code == 0
    assert said(here, 2) == {("Ada", None, "keep it")}


def test_ratings_go_with_a_job_that_is_forgotten(here: Path) -> None:
    rate(here, "title", "--stars", "4")
    (here / "scorefile.yaml").write_text(PIPELINE.replace("  title:", "  other:").replace("Calm", "Wild"))
    assert scorefile("run", cwd=here).code == 0
    assert scorefile("forget", "title", "--yes", cwd=here).code == 0
    assert '"ratings"' not in (here / "scorefile.lock").read_text()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--stars", "4"), "rate needs the names of jobs"),
        (("title",), "rate needs --stars, --note or --withdraw"),
        (("tite", "--stars", "4"), "did you mean title?"),
        (("title", "--stars", "6"), "6 is not in the range 1<=x<=5"),
        (("title", "--stars", "0"), "0 is not in the range 1<=x<=5"),
        (("title", "--take", "3", "--stars", "4"), "title has 2 takes, so there is no take 3"),
        (("title", "--stars", "4", "--by", " "), "--by: ' ' is not a name"),
        (("title", "battle", "--stars", "4", "--by", "a\x1b[31m"), "is not a name"),
        (("title", "--note", "x" * 2001), "is not a note"),
        (("title", "--note", "a\x07b"), "--note: 'a\\x07b' is not a note"),
        (("title", "--withdraw"), "title has no rating by Grace Hopper to withdraw"),
        (("title", "--withdraw", "--stars", "4"), "--withdraw takes neither --stars nor --note"),
    ],
)
def test_what_cannot_be_rated_is_refused_and_nothing_is_written(here: Path, words: tuple[str, ...], told: str) -> None:
    git = Git(here).init()
    git("config", "user.name", "Grace Hopper")
    before = (here / "scorefile.lock").read_bytes()
    done = scorefile("rate", *words, cwd=here)
    assert (done.code, told in done.err) == (2, True), done
    assert (here / "scorefile.lock").read_bytes() == before
