"""takes, unpick, approve, run --release and verify --approved, by the command line over real files and a real store."""

from __future__ import annotations

import hashlib
import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.command import scorefile

if TYPE_CHECKING:
    from pathlib import Path

PIPELINE = """\
version: 1
defaults: {model: local/sketch, params: {duration: 0.5}}
jobs:
  title: {prompt: Calm}
  battle:
    matrix: {heat: {calm: 100, hot: 150}}
    prompt: Drums
    params: {bpm: "{{ heat }}", batch_size: 2}
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where title has been rolled twice, and each cell of battle has two takes."""
    folder = tmp_path_factory.mktemp("approve") / "made"
    folder.mkdir()
    (folder / "scorefile.yaml").write_text(PIPELINE)
    assert scorefile("run", cwd=folder).code == 0
    assert scorefile("run", "--reroll", "title", "--times", "2", cwd=folder).code == 0
    return folder


@pytest.fixture
def here(made: Path, tmp_path: Path) -> Path:
    """Return a copy of that folder to change."""
    return shutil.copytree(made, tmp_path / "here")


def listed(folder: Path, *words: str) -> list[dict[str, Any]]:
    done = scorefile("takes", *words, "--format", "json", cwd=folder)
    assert done.code == 0, done
    found: list[dict[str, Any]] = done.json["takes"]
    return found


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


# ---------------------------------------------------------------- takes


def test_every_take_is_listed_with_its_number_its_roll_and_its_seed(made: Path) -> None:
    found = listed(made)
    assert [(item["job"], item["number"], item["roll"]) for item in found] == [
        ("battle@calm", 1, 0), ("battle@calm", 2, 0), ("battle@hot", 1, 0), ("battle@hot", 2, 0),
        ("title", 1, 0), ("title", 2, 1), ("title", 3, 2),
    ]  # fmt: skip
    title = found[4:]
    assert len({item["seed"] for item in title}) == len({item["sha256"] for item in title}) == 3
    assert [item["placed"] for item in title] == [True, False, False]
    assert all(item["seconds"] == 0.5 and item["lufs"] is not None for item in title)
    table = scorefile("takes", "title", cwd=made)
    assert table.out.split("\n")[0].split() == [
        "JOB", "TAKE", "ROLL", "SEED", "LENGTH", "LUFS", "PEAK", "PRICE", "PICKED", "APPROVED", "HASH"
    ]  # fmt: skip
    assert "title  1 *" in table.out
    assert "help: scorefile pick JOB TAKE chooses one" in table.err


def test_takes_are_exported_under_names_that_say_which_they_are(made: Path, tmp_path: Path) -> None:
    done = scorefile("takes", "title", "battle@hot", "--export", str(tmp_path / "hear"), cwd=made)
    assert done.code == 0, done
    assert f"5 takes in {tmp_path / 'hear'}" in done.err
    found = {path.name: digest(path) for path in (tmp_path / "hear").iterdir()}
    assert found == {
        f"{item['job']}.take{item['number']}.wav": item["sha256"] for item in listed(made, "title", "battle@hot")
    }
    again = scorefile("takes", "title", "--export", str(tmp_path / "hear"), cwd=made)
    assert (again.code, "3 takes in" in again.err) == (0, True)


def test_a_different_file_is_left_alone_and_a_missing_take_is_named(here: Path) -> None:
    (here / "out").mkdir()
    (here / "out/title.take1.wav").write_bytes(b"mine")
    (here / "out/title.take3.wav").symlink_to(here / "elsewhere")
    gone = listed(here, "title")[1]["sha256"]
    for blob in (here / ".scorefile/blobs").rglob(gone):
        blob.unlink()
    done = scorefile("takes", "title", "--export", "out", cwd=here)
    assert done.code == 5, done
    assert "take 1 of title: a different file is there, and was left alone" in done.err
    assert "take 2 of title: its audio is not in the store" in done.err
    assert "take 3 of title: a different file is there, and was left alone" in done.err
    assert (here / "out/title.take1.wav").read_bytes() == b"mine"
    assert not (here / "elsewhere").exists()
    data = scorefile("takes", "title", "--export", "out", "--format", "json", cwd=here).json["takes"]
    assert [(item["exported"], item["message"] is None) for item in data] == [(None, False)] * 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("tite",), "did you mean title?"),
        (("title", "--export", "scorefile.yaml"), "--export scorefile.yaml cannot be written"),
    ],
)
def test_takes_that_cannot_be_listed_or_written_are_refused(here: Path, words: tuple[str, ...], said: str) -> None:
    done = scorefile("takes", *words, cwd=here)
    assert (done.code, said in done.err) == (2, True), done


def test_before_the_first_run_there_are_no_takes(tmp_path: Path) -> None:
    (tmp_path / "scorefile.yaml").write_text(PIPELINE)
    assert scorefile("takes", cwd=tmp_path).out == "nothing made yet\n"


def test_the_takes_of_a_rehearsal_are_its_own(here: Path) -> None:
    assert scorefile("run", "--rehearse", "title", cwd=here).code == 0
    assert [item["number"] for item in listed(here, "--rehearse")] == [1]


# ---------------------------------------------------------------- picks of rolls and cells


def test_a_pick_of_a_cells_roll_is_undone_by_unpick(here: Path) -> None:
    assert scorefile("run", "--reroll", "battle@hot", cwd=here).code == 0
    assert [item["roll"] for item in listed(here, "battle@hot")] == [0, 0, 1, 1]
    assert scorefile("pick", "battle@hot", "4", cwd=here).code == 0
    assert scorefile("run", cwd=here).code == 0
    chosen = next(item for item in listed(here, "battle@hot") if item["picked"])
    assert (chosen["number"], chosen["placed"]) == (4, True)
    assert digest(here / "audio/battle@hot.wav") == chosen["sha256"]
    done = scorefile("unpick", "battle@hot", cwd=here)
    assert (done.code, "no take of battle@hot is picked any more" in done.err) == (0, True)
    assert scorefile("run", cwd=here).code == 0
    assert digest(here / "audio/battle@hot.wav") == listed(here, "battle@hot")[0]["sha256"]
    assert scorefile("run", cwd=here).out.startswith("nothing to do")


def test_what_is_not_picked_cannot_be_undone(here: Path) -> None:
    done = scorefile("unpick", "title", cwd=here)
    assert (done.code, "no take of title is picked" in done.err) == (2, True)


def test_a_choice_undone_on_one_branch_and_changed_on_another_is_for_a_person_to_settle(here: Path) -> None:
    lock = here / "scorefile.lock"
    assert scorefile("pick", "title", "2", cwd=here).code == 0
    before = lock.read_bytes()
    assert scorefile("pick", "title", "3", cwd=here).code == 0
    (here / "theirs.lock").write_bytes(lock.read_bytes())
    lock.write_bytes(before)
    shutil.rmtree(here / ".scorefile/pipelines")
    assert scorefile("unpick", "title", cwd=here).code == 0
    assert scorefile("merge", "scorefile.lock", "theirs.lock", cwd=here).code == 0
    (here / "theirs.lock").unlink()
    assert "title has 2 picks that differ: none and take 3" in scorefile("validate", cwd=here).err
    assert scorefile("unpick", "title", cwd=here).code == 0
    assert "picks that differ" not in scorefile("validate", cwd=here).err


# ---------------------------------------------------------------- approvals


def approvals(folder: Path, job: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((folder / "scorefile.lock").read_text())["jobs"][job].get("approvals", [])
    return found


def test_an_approval_is_of_the_hash_of_the_chosen_take(here: Path) -> None:
    done = scorefile("approve", "title", "battle", "--by", "Ada", "--note", "for the trailer", cwd=here)
    assert (done.code, "Ada approved title (take 1), battle@calm (take 1), battle@hot (take 1)" in done.err) == (
        0, True,
    ), done  # fmt: skip
    (word,) = approvals(here, "title")
    assert (word["by"], word["note"], word["sha256"]) == (
        "Ada", "for the trailer", listed(here, "title")[0]["sha256"],
    )  # fmt: skip
    assert word["at"].endswith("Z")
    assert [item["approved_by"] for item in listed(here, "title")] == [["Ada"], [], []]
    assert scorefile("run", cwd=here).out.startswith("nothing to do")


def test_who_approves_is_asked_of_git(here: Path) -> None:
    from tests.support.git import Git

    git = Git(here).init()
    git("config", "user.name", "Grace Hopper")
    assert scorefile("approve", "title", cwd=here).code == 0
    assert approvals(here, "title")[0]["by"] == "Grace Hopper"


def test_a_release_stops_at_what_is_not_approved_and_names_each(here: Path) -> None:
    stopped = scorefile("run", "--release", cwd=here)
    assert stopped.code == 9, stopped
    assert "3 jobs are not approved: title: nobody approved take 1; battle@calm: nobody approved take 1" in stopped.err
    assert "help: listen, then: scorefile approve title battle@calm battle@hot" in stopped.err
    assert scorefile("verify", "--approved", cwd=here).code == 9
    assert scorefile("approve", "title", "battle", "--by", "Ada", cwd=here).code == 0
    assert scorefile("run", "--release", cwd=here).code == 0
    assert scorefile("verify", "--approved", cwd=here).code == 0


def test_a_release_restores_what_is_approved_and_makes_nothing(here: Path) -> None:
    assert scorefile("approve", "title", "battle", "--by", "Ada", cwd=here).code == 0
    (here / "audio/title.wav").unlink()
    assert scorefile("run", "--release", cwd=here).code == 0
    assert (here / "audio/title.wav").exists()
    (here / "scorefile.yaml").write_text(PIPELINE.replace("Calm", "Wild"))
    stopped = scorefile("run", "--release", cwd=here)
    assert stopped.code == 9, stopped
    assert "1 job is not approved: title: it is not here as the file says now; Ada approved" in stopped.err
    assert "make it first: scorefile run title" in stopped.err


def test_a_plan_says_which_picks_and_approvals_no_longer_apply(here: Path) -> None:
    assert scorefile("pick", "title", "2", cwd=here).code == 0
    assert scorefile("approve", "title", "--by", "Ada", cwd=here).code == 0
    assert "any more" not in scorefile("plan", cwd=here).err
    assert scorefile("plan", "--format", "json", cwd=here).json["voided"] == []
    (here / "scorefile.yaml").write_text(PIPELINE.replace("Calm", "Wild"))
    planned = scorefile("plan", cwd=here)
    sha256 = listed(here, "title")[1]["sha256"]
    assert f"warning: title: a take was picked ({sha256[:12]}) that is not the chosen one any more" in planned.err
    assert f"warning: title: Ada approved a take ({sha256[:12]}) that is not the chosen one any more" in planned.err
    assert [item["kind"] for item in scorefile("plan", "--format", "json", cwd=here).json["voided"]] == [
        "pick",
        "approval",
    ]
    assert scorefile("plan", "--format", "jsonl", cwd=here).code == 0
    (here / "scorefile.yaml").write_text(PIPELINE)
    assert "any more" not in scorefile("plan", cwd=here).err, "going back costs nothing, and both apply again"


def test_take_is_a_template_in_each_cell_and_counts_through_the_rolls(here: Path) -> None:
    takes = 'vars: {takes: {"battle@hot": 2, title: 9}}\n'
    asked = PIPELINE.replace("prompt: Calm", 'prompt: Calm, take: "{{ takes[job.id] | default(1) }}"').replace(
        "    prompt: Drums", '    prompt: Drums\n    take: "{{ takes[job.id] | default(1) }}"'
    )
    (here / "scorefile.yaml").write_text(asked.replace("defaults:", f"{takes}defaults:"))
    planned = scorefile("plan", cwd=here)
    assert "take 2 is chosen; take 1 is in place" in planned.out
    assert "warning: title: take 9 is asked for, and there are 3 takes; the last one is used" in planned.err
    assert scorefile("run", cwd=here).code == 0
    placed = {(item["job"], item["number"]) for item in listed(here) if item["placed"]}
    assert placed == {("battle@calm", 1), ("battle@hot", 2), ("title", 3)}
    assert scorefile("run", cwd=here).out.startswith("nothing to do")


def test_another_take_needs_another_approval(here: Path) -> None:
    assert scorefile("approve", "title", "battle", "--by", "Ada", cwd=here).code == 0
    assert scorefile("pick", "title", "2", cwd=here).code == 0
    stopped = scorefile("run", "--release", cwd=here)
    assert (stopped.code, "title: take 2 is another one than Ada approved" in stopped.err) == (9, True), stopped
    assert scorefile("approve", "title", "--take", "2", "--by", "Ada", cwd=here).code == 0
    assert scorefile("run", "--release", cwd=here).code == 0
    assert scorefile("verify", "--approved", cwd=here).code == 0


def test_verify_reports_each_output_that_is_not_approved_in_every_format(here: Path) -> None:
    assert scorefile("approve", "battle", "--by", "Ada", cwd=here).code == 0
    data = scorefile("verify", "--approved", "--format", "json", cwd=here)
    assert (data.code, data.json["same"]) == (9, True)
    assert data.json["unapproved"] == [{"job": "title", "message": "nobody approved take 1"}]
    assert "title: nobody approved take 1" in scorefile("verify", "--approved", "--format", "github", cwd=here).out
    assert 'type="not-approved"' in scorefile("verify", "--approved", "--format", "junit", cwd=here).out
    assert (
        "1 output is not approved; scorefile approve JOB approves one"
        in scorefile("verify", "--approved", cwd=here).err
    )
    (here / "audio/title.wav").write_bytes(b"edited")
    assert scorefile("verify", "--approved", cwd=here).code == 9
    assert scorefile("verify", cwd=here).code == 4


def test_an_approval_is_withdrawn_and_given_again(here: Path) -> None:
    assert scorefile("approve", "title", "--by", "Ada", cwd=here).code == 0
    done = scorefile("approve", "--withdraw", "title", "--by", "Bob", "--note", "too loud", cwd=here)
    assert (done.code, "Bob withdrew the approvals of title (take 1)" in done.err) == (0, True), done
    assert listed(here, "title")[0]["approved_by"] == []
    assert len(approvals(here, "title")) == 2, "nothing that was said is taken out"
    assert scorefile("approve", "--withdraw", "title", cwd=here).code == 2
    assert scorefile("approve", "title", "--by", "Ada", "--note", "again", cwd=here).code == 0
    assert listed(here, "title")[0]["approved_by"] == ["Ada"]


def test_approvals_of_two_branches_are_joined_and_go_with_a_renamed_job(here: Path) -> None:
    lock = here / "scorefile.lock"
    before = lock.read_bytes()
    assert scorefile("approve", "title", "--by", "Ada", cwd=here).code == 0
    (here / "theirs.lock").write_bytes(lock.read_bytes())
    lock.write_bytes(before)
    assert scorefile("approve", "title", "--by", "Bob", cwd=here).code == 0
    assert scorefile("merge", "scorefile.lock", "theirs.lock", cwd=here).code == 0
    (here / "theirs.lock").unlink()
    assert sorted(listed(here, "title")[0]["approved_by"]) == ["Ada", "Bob"]
    (here / "scorefile.yaml").write_text(PIPELINE.replace("  title:", "  opening:"))
    assert scorefile("run", cwd=here).code == 0
    assert sorted(listed(here, "opening")[0]["approved_by"]) == ["Ada", "Bob"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "approve needs the names of jobs"),
        (("tite",), "did you mean title?"),
        (("title", "--take", "4"), "title has 3 takes, so there is no take 4"),
        (("title", "--take", "0"), "0 is not in the range x>=1"),
        (("title", "--by", " "), "--by: ' ' is not a name"),
        (("title", "--by", "a\x1b[31m"), "is not a name"),
        (("title", "--by", "x" * 201), "is not a name"),
        (("title", "--note", "x" * 2001), "is not a note"),
        (("--withdraw", "title"), "title has no approval to withdraw"),
    ],
)
def test_what_cannot_be_approved_is_refused_and_nothing_is_written(
    here: Path, words: tuple[str, ...], said: str
) -> None:
    before = (here / "scorefile.lock").read_bytes()
    done = scorefile("approve", *words, cwd=here)
    assert (done.code, said in done.err) == (2, True), done
    assert (here / "scorefile.lock").read_bytes() == before
