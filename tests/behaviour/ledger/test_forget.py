"""`forget`: a removed job leaves the lock by the word of a person alone, and no journal brings it back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from runner.records.lock import State
from runner.records.pick import Pick
from runner.state.blobs.local import LocalBlobs
from runner.state.blobs.protocol import save_bytes
from runner.state.lock_parsing import parse_lock
from runner.state.lock_text import render_lock
from tests.support import locks
from tests.support.command import Done, scorefile
from tests.support.git import Git
from tests.support.made import entry, lock, sha, take

if TYPE_CHECKING:
    from pathlib import Path

    from runner.records.lock import Entry, Lock

YAML = "version: 1\ndefaults: {model: local/sketch, params: {duration: 0.5}}\njobs: {menu: {prompt: calm}}\n"


@pytest.fixture
def git(tmp_path: Path) -> Git:
    """A repository with a pipeline of one job, and a lock with two more that it had before."""
    git = Git(tmp_path / "project").init()
    (git.folder / "scorefile.yaml").write_text(YAML)
    write(git, made("title"), made("war"))
    git.commit("two jobs that are gone")
    return git


def made(name: str, **over: object) -> Entry:
    over = {"path": f"audio/{name}.wav"} | over
    return entry(None, take(name), attempt=name, job=name, request_id=f"ace_{name}", **over)


def write(git: Git, *entries: Entry, **over: object) -> None:
    (git.folder / "scorefile.lock").write_bytes(render_lock(lock(*entries, **over)))


def read(git: Git) -> Lock:
    return parse_lock((git.folder / "scorefile.lock").read_text())


def forget(git: Git, *words: str, code: int = 0) -> Done:
    done = scorefile("forget", *words, cwd=git.folder)
    assert done.code == code, done
    return done


def run(git: Git) -> None:
    done = scorefile("run", "-q", cwd=git.folder)
    assert done.code == 0, done


def test_it_shows_what_was_paid_and_the_job_leaves_the_lock(git: Git) -> None:
    done = forget(git, "title", "--yes")
    assert done.out.splitlines()[1] == "title  pixazo/ace-step-xl  $0.10  1      audio/title.wav"
    assert "\n$0.10 was paid for 1 job; asked for again, each is paid for again\n" in done.out
    assert done.out.endswith("1 job forgotten, for which $0.10 was paid\n")
    assert "audio/title.wav: no job owns it any more, and nothing deletes it" in done.err
    assert set(read(git).jobs) == {"war"}
    assert read(git).forgotten == {"title"}


def test_nothing_is_forgotten_without_a_yes_where_nobody_can_be_asked(git: Git) -> None:
    done = forget(git, "title", "war", code=6)
    assert "$0.20 was paid for 2 jobs" in done.err
    assert "nothing was forgotten" in done.err
    assert set(read(git).jobs) == {"title", "war"}


def test_an_unknown_price_is_named(git: Git) -> None:
    one = made("title")
    assert one.receipt is not None
    write(git, replace(one, receipt=replace(one.receipt, price_usd=None)), made("war"))
    assert "$0.10 and 1 unknown price was paid for 2 jobs" in forget(git, "title", "war", "--yes").out


def test_the_journal_does_not_bring_it_back(git: Git) -> None:
    run(git)
    forget(git, "title", "--yes")
    run(git)
    assert scorefile("run", cwd=git.folder).out.startswith("nothing to do")
    assert "title" not in read(git).jobs
    assert "title" not in scorefile("status", cwd=git.folder).out
    assert scorefile("plan", "--format", "json", cwd=git.folder).json["orphans"] == ["war"]


def test_the_journal_of_another_machine_does_not_bring_it_back(git: Git, tmp_path: Path) -> None:
    run(git)
    git.commit("made")
    other = Git(tmp_path / "other")
    git("clone", "--quiet", str(git.folder), str(other.folder))
    run(other)
    forget(git, "title", "--yes")
    git.commit("forget title")
    other("pull", "--quiet")
    (other.folder / "scorefile.yaml").write_text(YAML.replace("calm", "wild"))
    run(other)
    assert set(read(other).jobs) == {"menu", "war"}
    assert read(other).forgotten == {"title"}


def test_a_merge_with_a_branch_that_has_it_keeps_what_that_branch_paid_for(git: Git) -> None:
    git("checkout", "--quiet", "-b", "side")
    write(git, made("title"), made("war"), made("oud"))
    git.commit("a branch")
    git("checkout", "--quiet", "main")
    run(git)
    forget(git, "title", "--yes")
    git.commit("forget title")
    git("merge", "--no-edit", "side", fails=True)
    assert scorefile("merge", cwd=git.folder).code == 0
    assert set(read(git).jobs) == {"menu", "title", "war", "oud"}
    forget(git, "title", "--yes")
    run(git)
    assert set(read(git).jobs) == {"menu", "war", "oud"}


def test_picks_go_with_the_job(git: Git) -> None:
    picks = {"title": frozenset({Pick(sha256=sha("title"), revision=2)})}
    write(git, made("title"), made("war"), picks=picks)
    forget(git, "title", "--yes")
    assert "title" not in json.loads((git.folder / "scorefile.lock").read_text())["jobs"]


def test_a_job_of_the_pipeline_is_refused(git: Git) -> None:
    run(git)
    done = forget(git, "menu", "--yes", code=2)
    assert "menu is in the pipeline" in done.err
    assert "help: take it out of scorefile.yaml first; nothing was forgotten" in done.err
    assert "menu" in read(git).jobs


def test_what_a_renamed_job_has_is_refused(git: Git) -> None:
    run(git)
    (git.folder / "scorefile.yaml").write_text(YAML.replace("menu", "intro"))
    done = forget(git, "menu", "--yes", code=2)
    assert "menu is called intro now, which has its takes" in done.err


@pytest.mark.parametrize(
    ("state", "request_id", "said", "remedy"),
    [
        (
            State.UNKNOWN,
            None,
            "the payment status of a submission is unknown",
            "settle it first: scorefile resolve title",
        ),
        (State.PENDING, "ace_9", "a submission is not finished", "finish it first, at no cost: scorefile run"),
    ],
)
def test_what_is_not_finished_is_refused(
    git: Git, state: State, request_id: str | None, said: str, remedy: str
) -> None:
    open_ = entry(attempt="open", job="title", state=state, request_id=request_id, revision=3)
    write(git, made("title"), open_, made("war"))
    done = forget(git, "title", "--yes", code=2)
    assert f"title: {said}" in done.err
    assert f"help: {remedy}; nothing was forgotten" in done.err
    assert locks.submissions((git.folder / "scorefile.lock").read_text(), "title")


def test_a_submission_that_ended_without_audio_can_be_given_up(git: Git) -> None:
    write(git, entry(attempt="gone", job="title", state=State.LOST, request_id="ace_9"), made("war"))
    assert scorefile("run", cwd=git.folder).code == 7, "it would be asked for once more"
    forget(git, "title", "--yes")
    run(git)
    assert scorefile("run", cwd=git.folder).out.startswith("nothing to do")


def test_all_cells_of_a_matrix_go_together(git: Git) -> None:
    cells = [replace(made(name), job=f"battle@{name}") for name in ("hot", "calm")]
    write(git, *cells)
    assert "2 jobs forgotten" in forget(git, "battle", "--yes").out


@pytest.mark.parametrize(
    ("words", "said", "remedy"),
    [
        (("titel",), "titel is not in the lock", "did you mean title?"),
        ((), "no job was named", "name the jobs to forget; title, war left the pipeline"),
    ],
)
def test_a_name_that_means_nothing_is_answered_with_those_that_do(
    git: Git, words: tuple[str, ...], said: str, remedy: str
) -> None:
    done = forget(git, *words, "--yes", code=2)
    assert said in done.err
    assert f"help: {remedy}" in done.err


def test_its_takes_stay_in_the_store_until_a_word_of_their_own_deletes_them(git: Git) -> None:
    blobs = LocalBlobs(git.folder / ".scorefile" / "blobs")
    assert save_bytes(blobs, b"title") == sha("title")
    save_bytes(blobs, b"war")
    run(git)
    forget(git, "title", "--yes")
    assert "these takes cost $0.10" not in scorefile("gc", "--yes", "--paid", cwd=git.folder).out, "a branch has it"
    git.commit("forget title")
    done = scorefile("gc", "--yes", cwd=git.folder)
    row = f"  title (pixazo/ace-step-xl, 20 s): $0.10, {sha('title')[:12]}"
    told = "these takes cost $0.10, and are in this store alone as far as is known:"
    assert done.out.startswith(f"paid takes that no lock names: 1 file kept, 5 B\n{told}\n{row}\n")
    (item,) = scorefile("gc", "--format", "json", cwd=git.folder).json["paid"]
    assert (item["job"], item["price_usd"]) == ("title", "0.10")
    assert sha("title") in blobs
    assert scorefile("gc", "--yes", "--paid", cwd=git.folder).code == 0
    assert sha("title") not in blobs
    assert sha("war") in blobs
