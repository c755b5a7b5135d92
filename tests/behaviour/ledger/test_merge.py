"""Locks that two branches changed, in real git: `scorefile merge` and the merge driver join them, and no receipt is lost."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from runner.records.lock import ProviderJobId
from runner.records.pick import Pick
from runner.state.lock_parsing import parse_lock
from runner.state.lock_text import render_lock
from tests.support import locks
from tests.support.command import Done, scorefile
from tests.support.git import Git
from tests.support.made import entry, lock, sha, take

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from runner.records.lock import Entry

LOCK, PIPELINE = "scorefile.lock", "scorefile.yaml"
YAML = "version: 1\ndefaults: {model: local/sketch}\njobs: {title: {prompt: calm}}\n"


def made(name: str, job: str = "title", **over: object) -> Entry:
    """Return a submission with a receipt and a take of its name."""
    return entry(None, take(name), attempt=name, job=job, request_id=f"ace_{name}", path=f"audio/{job}.wav", **over)


BASE = (made("base"),)
OURS = (*BASE, made("ours", revision=2), made("oboe", "oboe"))
THEIRS = (*BASE, made("theirs", revision=3), made("oud", "oud"))
ALL = {f"ace_{name}" for name in ("base", "ours", "oboe", "theirs", "oud")}


def write(git: Git, entries: tuple[Entry, ...], message: str | None = None) -> None:
    """Write the lock, and commit it."""
    (git.folder / LOCK).write_bytes(render_lock(lock(*entries)))
    if message is not None:
        git.commit(message)


def text(git: Git) -> str:
    return (git.folder / LOCK).read_text()


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a pipeline and its lock."""
    git = Git(tmp_path_factory.mktemp("template") / "project").init()
    (git.folder / PIPELINE).write_text(YAML)
    write(git, BASE, "base")
    return git.folder


@pytest.fixture
def git(tmp_path: Path, template: Path) -> Git:
    """A copy of the template."""
    return Git(shutil.copytree(template, tmp_path / "project"))


@pytest.fixture
def driven(git: Git) -> Git:
    """The same, where git joins locks."""
    done = scorefile("merge", "--install", cwd=git.folder)
    assert done.code == 0, done
    git.commit("install the merge driver")
    return git


def two_branches(git: Git) -> None:
    """Commit their lock on a branch, and ours on the main one."""
    git("checkout", "--quiet", "-b", "theirs")
    write(git, THEIRS, "theirs")
    git("checkout", "--quiet", "main")
    write(git, OURS, "ours")


def merging(git: Git) -> int:
    two_branches(git)
    return git("merge", "--no-edit", "theirs", fails=True).code


def rebasing(git: Git) -> int:
    two_branches(git)
    return git("rebase", "theirs", fails=True).code


def picking(git: Git) -> int:
    two_branches(git)
    return git("cherry-pick", "theirs", fails=True).code


def popping(git: Git) -> int:
    write(git, THEIRS)
    git("stash")
    write(git, OURS, "ours")
    return git("stash", "pop", fails=True).code


def reverting(git: Git) -> int:
    write(git, THEIRS, "theirs")
    write(git, (*OURS, *THEIRS[1:]), "ours")
    return git("revert", "--no-edit", "HEAD~1", fails=True).code


CONTINUE: dict[Callable[[Git], int], tuple[str, ...]] = {
    merging: ("commit", "--no-edit"),
    rebasing: ("rebase", "--continue"),
    picking: ("cherry-pick", "--continue"),
    popping: ("commit", "--message", "pop"),
    reverting: ("revert", "--continue"),
}
EACH = pytest.mark.parametrize("act", CONTINUE, ids=lambda act: act.__name__)


@pytest.mark.sampled(2)
@EACH
def test_a_conflict_is_resolved_without_any_set_up(git: Git, act: Callable[[Git], int]) -> None:
    assert act(git) != 0
    assert git.conflicts() == {LOCK}
    told = scorefile("plan", cwd=git.folder)
    assert told.code == 3
    assert f"scorefile merge {git.folder / LOCK} joins both sides without loss" in told.err
    done = scorefile("merge", cwd=git.folder)
    assert done.code == 0, done
    assert done.err == f"help: git add {LOCK}\n"
    assert git.conflicts() == {LOCK}, "that it is resolved is for a person to say"
    git("add", LOCK)
    git(*CONTINUE[act], fails=act is reverting)
    assert locks.receipts(text(git)) == ALL
    assert text(git).encode() == render_lock(parse_lock(text(git)))


@EACH
def test_git_joins_locks_where_the_driver_is_installed(driven: Git, act: Callable[[Git], int]) -> None:
    code = act(driven)
    assert driven.conflicts() == set()
    assert act is reverting or code == 0
    assert locks.receipts(text(driven)) == ALL
    assert text(driven).encode() == render_lock(parse_lock(text(driven)))


def test_branches_are_joined_one_after_the_other(driven: Git) -> None:
    """git has no merge drivers in an octopus: it stops there, and changes nothing."""
    names = ("brass", "choir", "drums")
    for name in names:
        driven("checkout", "--quiet", "-b", name, "main")
        write(driven, (*BASE, made(name, revision=2)), name)
    driven("checkout", "--quiet", "main")
    assert driven("merge", "--no-edit", *names, fails=True).code != 0
    assert locks.receipts(driven.show("HEAD", LOCK)) == {"ace_base"}
    driven("reset", "--hard", "--quiet")
    for name in names:
        driven("merge", "--no-edit", name)
    assert locks.receipts(text(driven)) == {"ace_base", *(f"ace_{name}" for name in names)}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("style", ["merge", "diff3", "zdiff3"])
def test_the_sides_are_rebuilt_from_the_markers_once_git_has_no_stages(git: Git, style: str) -> None:
    git("config", "merge.conflictStyle", style)
    assert merging(git) != 0
    git.commit("a conflict, by accident")
    assert git.conflicts() == set()
    assert locks.is_conflicted(text(git))
    done = scorefile("merge", cwd=git.folder)
    assert done.code == 0, done
    assert locks.receipts(text(git)) == ALL


def test_a_lock_that_a_branch_deleted_keeps_what_the_other_knows(git: Git) -> None:
    git("checkout", "--quiet", "-b", "theirs")
    write(git, THEIRS, "theirs")
    git("checkout", "--quiet", "main")
    (git.folder / LOCK).unlink()
    git.commit("delete it")
    git("merge", "theirs", fails=True)
    assert scorefile("merge", cwd=git.folder).code == 0
    assert locks.receipts(text(git)) == {"ace_base", "ace_theirs", "ace_oud"}


def test_a_submission_that_both_branches_gave_to_another_job_is_one(git: Git) -> None:
    around = tuple(made(f"x{job}", job) for job in ("brass", "choir", "ukulele", "viola"))
    write(git, (*BASE, *around), "more jobs")
    git("checkout", "--quiet", "-b", "theirs")
    write(git, (*around, replace(BASE[0], job="zebra", revision=9)), "theirs")
    git("checkout", "--quiet", "main")
    write(git, (*around, replace(BASE[0], job="apple", revision=8)), "ours")
    git("merge", "--no-edit", "theirs")
    assert text(git).count('"attempt": "base"') == 2
    assert parse_lock(text(git)).entries["base"].job == "zebra"
    assert scorefile("validate", cwd=git.folder).code == 0


def test_nothing_is_changed_where_there_is_no_conflict(git: Git) -> None:
    before = text(git)
    done = scorefile("merge", cwd=git.folder)
    assert (done.code, done.out, done.err) == (0, "", "no lock has a conflict\n")
    assert text(git) == before


def test_a_lock_of_another_program_is_left_alone(git: Git) -> None:
    other = git.folder / "poetry.lock"
    for branch, word in (("theirs", "x"), ("main", "y")):
        git("checkout", "--quiet", *(["-b"] if branch == "theirs" else []), branch)
        other.write_text(f"{word}\n")
        git.commit(word)
    git("merge", "theirs", fails=True)
    before = other.read_text()
    assert scorefile("merge", cwd=git.folder).err == "no lock has a conflict\n"
    assert other.read_text() == before


def test_what_was_paid_for_between_conflict_and_merge_stays(git: Git) -> None:
    assert merging(git) != 0
    write(git, (*OURS, made("late")))
    assert scorefile("merge", cwd=git.folder).code == 0
    assert locks.receipts(text(git)) == {*ALL, "ace_late"}


# ---------------------------------------------------------------- sides that cannot be read


def test_a_damaged_side_is_named_and_nothing_is_written(git: Git) -> None:
    git("checkout", "--quiet", "-b", "theirs")
    write(git, THEIRS)
    (git.folder / LOCK).write_text(text(git).replace("ace_theirs", "ace_other"))
    git.commit("damage it")
    git("checkout", "--quiet", "main")
    write(git, OURS, "ours")
    assert git("merge", "theirs", fails=True).code != 0
    before = text(git)
    done = scorefile("merge", cwd=git.folder)
    assert done.code == 3
    assert (
        f"error: {LOCK} (theirs) cannot be read: the block of 'title' is not valid: the submission theirs" in done.err
    )
    assert text(git) == before


def test_a_damaged_base_is_left_out_and_said(git: Git) -> None:
    (git.folder / LOCK).write_text("{}\n")
    git.commit("damage it")
    assert merging(git) != 0
    done = scorefile("merge", cwd=git.folder)
    assert done.code == 0, done
    assert f"warning: {LOCK} (base) cannot be read" in done.err
    assert locks.receipts(text(git)) == ALL


def driver(folder: Path, base: bytes, ours: bytes, theirs: bytes) -> Done:
    for name, data in (("O", base), ("A", ours), ("B", theirs)):
        (folder / name).write_bytes(data)
    return scorefile("merge-driver", "O", "A", "B", "music/night.lock", cwd=folder)


def test_the_driver_leaves_our_side_as_it_is_when_theirs_is_damaged(tmp_path: Path) -> None:
    ours = render_lock(lock(*OURS))
    done = driver(tmp_path, b"", ours, b"{")
    assert done.code == 1
    assert "error: music/night.lock (theirs) cannot be read: " in done.err
    assert (tmp_path / "A").read_bytes() == ours


def test_the_driver_joins_without_a_base_and_says_nothing(tmp_path: Path) -> None:
    done = driver(tmp_path, b"", render_lock(lock(*OURS)), render_lock(lock(*THEIRS)))
    assert (done.code, done.out, done.err) == (0, "", "")
    assert locks.receipts((tmp_path / "A").read_text()) == ALL


def test_a_rehearsal_is_never_joined_with_real_results(tmp_path: Path) -> None:
    real, played = lock(*OURS), lock(*THEIRS, rehearsal=True)
    (tmp_path / "real.lock").write_bytes(render_lock(real))
    (tmp_path / "played.lock").write_bytes(render_lock(played))
    done = scorefile("merge", "real.lock", "played.lock", cwd=tmp_path)
    assert done.code == 3
    assert "error: played.lock is a lock of a rehearsal, and real.lock of real results" in done.err
    assert driver(tmp_path, b"", render_lock(real), render_lock(played)).code == 1
    assert (tmp_path / "real.lock").read_bytes() == (tmp_path / "A").read_bytes() == render_lock(real)


# ---------------------------------------------------------------- files


def test_locks_of_shards_become_the_lock_of_all(tmp_path: Path) -> None:
    parts = {f"part-{number}.lock": made(f"s{number}", f"job-{number}") for number in range(4)}
    for name, item in parts.items():
        (tmp_path / name).write_bytes(render_lock(lock(*BASE, item)))
    done = scorefile("merge", *parts, "--out", LOCK, cwd=tmp_path)
    assert done.code == 0, done
    assert done.out.startswith(f"{LOCK}: 5 submissions of 5 jobs, joined from part-0.lock, ")
    whole = render_lock(lock(*BASE, *parts.values()))
    assert (tmp_path / LOCK).read_bytes() == whole
    again = scorefile("merge", *reversed(parts), cwd=tmp_path)
    assert again.code == 0, again
    assert (tmp_path / "part-3.lock").read_bytes() == whole, "without --out the first one is written"
    assert (tmp_path / "part-2.lock").read_bytes() == render_lock(lock(*BASE, parts["part-2.lock"]))


def test_what_the_file_that_is_written_knows_stays(tmp_path: Path) -> None:
    for name, entries in (("a.lock", OURS), ("b.lock", BASE), ("out.lock", THEIRS)):
        (tmp_path / name).write_bytes(render_lock(lock(*entries)))
    said = scorefile("merge", "a.lock", "b.lock", "-o", "out.lock", "--format", "json", cwd=tmp_path)
    assert said.json["merged"][0]["from"] == ["a.lock", "b.lock", "out.lock"]
    assert said.json["merged"][0]["submissions"] == 5
    assert locks.receipts((tmp_path / "out.lock").read_text()) == ALL


@pytest.mark.parametrize("words", [("there.lock", "gone.lock"), ("gone.lock",)])
def test_a_file_that_is_missing_is_named(tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "there.lock").write_bytes(render_lock(lock(*BASE)))
    done = scorefile("merge", *words, cwd=tmp_path)
    assert done.code == 2
    assert "error: there is no gone.lock" in done.err


def test_versions_may_be_mixed(tmp_path: Path) -> None:
    from tests.support.catalog import ROOT

    old = ROOT / "tests" / "cases" / "locks" / "v1" / "finished.lock"
    (tmp_path / "new.lock").write_bytes(render_lock(lock(*OURS)))
    assert scorefile("merge", "new.lock", str(old), cwd=tmp_path).code == 0
    both = (tmp_path / "new.lock").read_text()
    assert locks.receipts(both) == locks.receipts(old.read_text()) | locks.receipts(render_lock(lock(*OURS)).decode())
    assert parse_lock(both).entries["ours"].request_id == ProviderJobId.of("ace_ours")


# ---------------------------------------------------------------- every verb


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "words",
    [
        ("validate",),
        ("plan",),
        ("run",),
        ("run", "--frozen"),
        ("status",),
        ("verify",),
        ("resolve", "title"),
        ("cancel", "title"),
        ("log",),
        ("pick", "title", "1"),
        ("explain", "title"),
    ],
    ids=" ".join,
)
def test_every_verb_names_the_remedy_for_a_lock_with_markers(git: Git, words: tuple[str, ...]) -> None:
    assert merging(git) != 0
    done = scorefile(*words, cwd=git.folder)
    if words == ("log",):
        assert done.code == 0, "the journal alone is shown"
        return
    assert done.code == 3
    said = (done.out + done.err).splitlines()
    assert any(line.endswith(f"{LOCK} contains git's conflict markers") for line in said), done
    assert sum("scorefile merge " in line for line in said) == 1


# ---------------------------------------------------------------- installing


def test_installing_twice_changes_nothing_and_concerns_our_locks_alone(git: Git) -> None:
    (git.folder / "my night [1].yaml").write_text(YAML)
    (git.folder / "my night [1].lock").write_bytes(render_lock(lock(*BASE)))
    (git.folder / "poetry.lock").write_text("[[package]]\n")
    for _ in range(2):
        done = scorefile("merge", "--install", cwd=git.folder)
        assert done.code == 0, done
        attributes = (git.folder / ".gitattributes").read_text()
        assert attributes == '"my night \\\\[1\\\\].lock" merge=scorefile\nscorefile.lock merge=scorefile\n'
        assert git("config", "--local", "merge.scorefile.driver").text == "scorefile merge-driver %O %A %B %P\n"
    asked = git("check-attr", "merge", "my night [1].lock", LOCK, "poetry.lock").text.splitlines()
    assert [line.rpartition(" ")[2] for line in asked] == ["scorefile", "scorefile", "unspecified"]


def test_nothing_is_installed_outside_a_repository(tmp_path: Path) -> None:
    done = scorefile("merge", "--install", cwd=tmp_path)
    assert done.code == 2
    assert "is not in a git repository" in done.err
    assert list(tmp_path.iterdir()) == []


def test_init_installs_the_driver_in_a_repository(git: Git) -> None:
    assert scorefile("init", "day", cwd=git.folder).code == 0
    assert "scorefile.lock merge=scorefile\n" in (git.folder / "day" / ".gitattributes").read_text()
    assert "merge-driver" in git("config", "--local", "merge.scorefile.driver").text


def test_init_outside_a_repository_writes_what_it_can(tmp_path: Path) -> None:
    assert scorefile("init", "day", cwd=tmp_path).code == 0
    assert "scorefile.lock merge=scorefile\n" in (tmp_path / "day" / ".gitattributes").read_text()


# ---------------------------------------------------------------- picks


def test_picks_that_differ_are_kept_and_named_with_their_place(git: Git) -> None:
    takes = {"attempt": "base", "job": "title", "request_id": "ace_base", "revision": 3}
    item = entry(None, take("one"), take("two"), **takes)
    for branch, word in (("theirs", "one"), ("main", "two")):
        git("checkout", "--quiet", *(["-b"] if branch == "theirs" else []), branch)
        picks = {"title": frozenset({Pick(sha256=sha(word), revision=4)})}
        (git.folder / LOCK).write_bytes(render_lock(lock(item, picks=picks)))
        git.commit(f"pick {word}")
    git("merge", "theirs", fails=True)
    done = scorefile("merge", cwd=git.folder)
    assert done.code == 0, done
    assert "help: choose one: scorefile pick title TAKE\n" in done.err
    assert parse_lock(text(git)).picks["title"] == {Pick(sha256=sha(word), revision=4) for word in ("one", "two")}
    checked = scorefile("validate", "--format", "json", cwd=git.folder)
    assert checked.code == 0, checked
    (problem,) = checked.json["problems"]
    assert (problem["code"], problem["severity"]) == ("SF701", "warning")
    assert problem["message"] == "title has 2 picks that differ: take 1 and take 2"
    assert problem["help"] == "choose one: scorefile pick title TAKE"
    place = problem["place"]
    assert place["file"] == LOCK
    assert text(git).split("\n")[place["line"] - 1][place["column"] - 1 : place["end_column"] - 1] == '"picks": ['
    assert scorefile("validate", "--strict", cwd=git.folder).code == 3
    assert scorefile("pick", "title", "2", cwd=git.folder).code == 0
    assert scorefile("validate", "--strict", cwd=git.folder).code == 0
    assert [pick.sha256 for pick in parse_lock(text(git)).picks["title"]] == [sha("two")]
