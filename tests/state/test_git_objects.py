"""The locks of a repository's refs, from real git: each content once, and what cannot be read stops the reader."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from runner.errors import StateError
from runner.state.git_objects import locks_of_refs
from tests.support.git import Git

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def git(tmp_path: Path) -> Git:
    git = Git(tmp_path / "project").init()
    commit(git, "first")
    return git


def commit(git: Git, text: str, path: str = "scorefile.lock") -> None:
    write(git, text, path)
    git.commit(text)


def write(git: Git, text: str, path: str = "scorefile.lock") -> None:
    (git.folder / path).parent.mkdir(exist_ok=True)
    (git.folder / path).write_text(text)


def held(git: Git) -> dict[str, str]:
    return {data.decode(): place for place, data in locks_of_refs(git.folder)}


def test_branches_tags_remotes_stashes_worktrees_and_the_index_are_read(git: Git, tmp_path: Path) -> None:
    git("checkout", "--quiet", "-b", "side")
    commit(git, "on a branch")
    git("checkout", "--quiet", "--detach")
    commit(git, "tagged")
    git("tag", "--annotate", "-m", "x", "v1")
    commit(git, "of a remote")
    git("update-ref", "refs/remotes/origin/main", "HEAD")
    commit(git, "in a worktree")
    git("worktree", "add", "--quiet", "--detach", str(tmp_path / "other"), "HEAD")
    git("checkout", "--quiet", "main")
    for text in ("an older stash", "a stash"):
        write(git, text)
        git("stash", "--quiet")
    write(git, "an untracked one", "new.lock")
    git("stash", "--quiet", "--include-untracked")
    write(git, "in the index")
    git("add", "--all")
    found = held(git)
    assert found == {
        "first": "refs/heads/main: scorefile.lock",
        "on a branch": "refs/heads/side: scorefile.lock",
        "of a remote": "refs/remotes/origin/main: scorefile.lock",
        "an untracked one": "a stash: new.lock",
        "a stash": "a stash: scorefile.lock",
        "an older stash": "a stash: scorefile.lock",
        "tagged": "refs/tags/v1: scorefile.lock",
        "in a worktree": "the head of a worktree: scorefile.lock",
        "in the index": "the index: scorefile.lock",
    }


def test_a_lock_in_any_folder_is_read_and_a_link_or_another_file_is_not(git: Git) -> None:
    commit(git, "deep", "a/b.lock")
    commit(git, "no lock", "a/b.txt")
    (git.folder / "link.lock").symlink_to("a/b.lock")
    git.commit("a link")
    assert set(held(git)) == {"first", "deep"}


def test_a_content_that_many_refs_hold_is_read_once(git: Git) -> None:
    for number in range(50):
        git("branch", f"b{number}")
    commit(git, "second")
    assert [data for _, data in locks_of_refs(git.folder)] == [b"first", b"second"]


def test_a_tag_of_a_file_is_no_tree(git: Git) -> None:
    git("tag", "blob", git("rev-parse", "HEAD:scorefile.lock").text.strip())
    assert set(held(git)) == {"first"}


def test_nothing_is_read_outside_of_a_repository(tmp_path: Path) -> None:
    assert list(locks_of_refs(tmp_path)) == []


def test_a_repository_without_a_commit_has_no_locks(tmp_path: Path) -> None:
    git = Git(tmp_path / "empty").init()
    assert held(git) == {}


def test_a_missing_object_is_in_doubt(git: Git) -> None:
    name = git("rev-parse", "HEAD:scorefile.lock").text.strip()
    (git.folder / ".git" / "objects" / name[:2] / name[2:]).unlink()
    with pytest.raises(StateError, match=r"refs/heads/main: scorefile\.lock cannot be read: it is missing"):
        held(git)


def test_a_repository_that_git_refuses_is_in_doubt(git: Git) -> None:
    (git.folder / ".git" / "HEAD").unlink()
    with pytest.raises(StateError, match="git cannot say which locks the repository of"):
        held(git)
