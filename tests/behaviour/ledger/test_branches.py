"""Locks and git: branches, rebases, stashes and reverts in real repositories lose no receipt and lock no verb out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support import locks
from tests.support.git import Git
from tests.support.long import sampled
from tests.support.machines import command, counts, forget_state, ids, lock_of, made, write

if TYPE_CHECKING:
    from tests.support.project import Project

JOBS = {"m": "p0", "na": "p1", "nb": "p2"}
"""`na` and `nb` are neighbours in the sorted lock: git cuts through the middle of their blocks."""


def branches(project: Project, *, driver: bool) -> Git:
    """Make `m` on main, `na` on the branch ours and `nb` on theirs, each on a machine without the others' state."""
    git = Git(project.folder).init()
    write(project, JOBS)
    if driver:
        done = command(project, "merge", "--install", "trial.lock")
        assert done.code == 0, done.err
    made(project, "run", "--yes", "m")
    git.commit("make m")
    for branch, job in (("ours", "na"), ("theirs", "nb")):
        git("checkout", "--quiet", "-b", branch, "main")
        forget_state(project)
        made(project, "run", "--yes", job)
        git.commit(f"make {job}")
    forget_state(project)
    git("checkout", "--quiet", "ours")
    return git


def is_whole(project: Project) -> None:
    """Check that the lock holds all receipts, and that a fresh checkout pays for nothing."""
    assert locks.receipts(lock_of(project)) == ids(project)
    forget_state(project)
    made(project)
    assert counts(project, "p0", "p1", "p2") == [1, 1, 1]


# ---------------------------------------------------------------- without any set-up


def conflicted(project: Project) -> Git:
    git = branches(project, driver=False)
    assert git("merge", "theirs", fails=True).code == 1
    assert git.conflicts() == {"trial.lock"}
    assert locks.is_conflicted(lock_of(project))
    return git


@pytest.mark.sampled(2)
@pytest.mark.parametrize("words", [[], ["trial.lock"]], ids=["all", "named"])
def test_attack_18_merge_repairs_a_conflicted_lock_from_the_three_stages_of_git(
    project: Project, words: list[str]
) -> None:
    git = conflicted(project)
    done = command(project, "merge", *words)
    assert done.code == 0, done.err
    assert not locks.is_conflicted(lock_of(project))
    git("add", "trial.lock")
    git("commit", "--quiet", "--no-edit")
    is_whole(project)


def test_attack_18_merge_repairs_what_a_person_cut_with_an_editor(project: Project) -> None:
    conflicted(project)
    kept = [line for line in lock_of(project).splitlines() if not line.startswith(locks.MARKERS)]
    (project.folder / "trial.lock").write_text("\n".join(kept) + "\n")
    assert command(project, "merge").code == 0
    is_whole(project)


# ---------------------------------------------------------------- inside git


def test_attack_18_the_driver_of_git_joins_at_once(project: Project) -> None:
    git = branches(project, driver=True)
    git("merge", "--quiet", "--no-edit", "theirs")
    is_whole(project)


@pytest.mark.sampled
@pytest.mark.parametrize(
    "way",
    sampled(
        ["stash pop", "pull --rebase"],
        ["rebase", "cherry-pick", "stash pop", "revert", "merge --squash", "pull --rebase"],
    ),
)
def test_attack_18_other_ways_of_git_lose_no_receipt(project: Project, way: str) -> None:
    git = branches(project, driver=True)
    if way == "rebase":
        git("rebase", "--quiet", "theirs")
    elif way == "cherry-pick":
        git("cherry-pick", "theirs")
    elif way == "merge --squash":
        git("merge", "--quiet", "--squash", "theirs")
        git.commit("squash")
    elif way == "pull --rebase":
        git.bare(project.folder.with_name("origin.git"))("branch", "--force", "main", "theirs")
        git("branch", "--quiet", "--set-upstream-to=origin/main", "ours")
        git("pull", "--quiet", "--rebase")
    elif way == "stash pop":
        text = git.show("theirs", "trial.lock")
        git("checkout", "--quiet", "main")
        (project.folder / "trial.lock").write_text(text)
        git("stash", "--quiet")
        git("checkout", "--quiet", "ours")
        git("stash", "pop", "--quiet")
    else:
        git("merge", "--quiet", "--no-edit", "theirs")
        write(project, JOBS | {"later": "p3"})
        made(project, "run", "--yes", "later")
        git.commit("make later")
        git("revert", "--no-edit", "HEAD~1", "-m", "1", fails=True)
        write(project, JOBS)
        assert ids(project, "p3") <= locks.receipts(lock_of(project)), "what came after the reverted commit"
        assert ids(project, "p0", "p1") <= locks.receipts(lock_of(project))
        return
    is_whole(project)


# ---------------------------------------------------------------- what people chose


def test_attack_18_picks_that_differ_are_both_kept_and_validate_names_them(project: Project) -> None:
    project.settings = {"defaults": {"model": "local/sketch"}}
    git = Git(project.folder).init()
    write(project, {"a": "p1"}, params={"duration": 1, "batch_size": 3})
    made(project)
    git.commit("make a")
    for branch, take in (("ours", "2"), ("theirs", "3")):
        git("checkout", "--quiet", "-b", branch, "main")
        done = command(project, "pick", "a", take, "trial.yaml")
        assert done.code == 0, done
        git.commit(f"pick {take}")
    git("checkout", "--quiet", "ours")
    git("merge", "theirs", fails=True)
    assert git.conflicts() <= {"trial.lock"}, "a pick is in the lock"
    assert command(project, "merge").code == 0
    assert not locks.is_conflicted(lock_of(project))
    done = project.run("validate")
    assert "a has 2 picks" in done.out + done.err
    assert "choose one: scorefile pick a TAKE" in done.out + done.err
    assert command(project, "pick", "a", "3", "trial.yaml").code == 0
    assert "picks" not in project.run("validate").err
