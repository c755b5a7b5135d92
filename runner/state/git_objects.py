"""The locks that a repository holds on any ref: read from its objects, each once, however many refs hold it."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

from runner.errors import StateError
from runner.state.finding import work_tree
from runner.state.lockfile import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_HELP = "nothing was deleted; fix that first, or delete the ref"
_FOLDER, _FILES = b"40000", (b"100644", b"100755", b"100664")


def locks_of_refs(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield where it is and what it holds for each `*.lock` of the repository around a folder: of all branches, tags, stashes,
    remote-tracking refs, heads of worktrees, and of the index. Nothing outside of a repository.

    A content that several refs hold is yielded once. Raises StateError when any of them cannot be read.
    """
    if not (work_tree(folder) / ".git").exists():
        return
    with _reading(folder) as objects:
        for ref, name in _tips(folder):
            yield from objects.locks(ref, name)
        for path, name in _staged(folder):
            yield from objects.lock(f"the index: {path}", name)


def _tips(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield each ref with the name of its object, and those that no ref keeps: older stashes and heads of worktrees."""
    for row in _asked(folder, "for-each-ref", "--format=%(objectname) %(refname)").splitlines():
        name, _, ref = row.partition(" ")
        yield ref, name
    for row in _asked(folder, "worktree", "list", "--porcelain").splitlines():
        if row.startswith("HEAD ") and row[5:].strip("0"):
            yield "the head of a worktree", row[5:]
    # A stash is a merge: its parents hold what was staged and what was untracked.
    if _asked(folder, "for-each-ref", "refs/stash"):
        for row in _asked(folder, "log", "--walk-reflogs", "--format=%H %P", "refs/stash").splitlines():
            for name in row.split():
                yield "a stash", name


def _staged(folder: Path) -> Iterator[tuple[str, str]]:
    for row in _asked(folder, "ls-files", "--stage", "-z", "--full-name", "--", ":/*.lock").split("\0"):
        facts, _, path = row.partition("\t")
        if path and facts.split()[0].encode() in _FILES:
            yield path, facts.split()[1]


def _asked(folder: Path, *args: str) -> str:
    """Return what a command of git prints. Raises StateError when it fails: without an answer nothing is certain."""
    words = ["git", "-C", str(folder), *args]
    try:
        ran = subprocess.run(words, capture_output=True, check=True, stdin=subprocess.DEVNULL)  # noqa: S603 - no shell
    except OSError as error:
        raise _unanswered(folder, error.strerror or str(error)) from error
    except subprocess.CalledProcessError as error:
        raise _unanswered(folder, error.stderr.decode(errors="replace").strip()) from error
    return ran.stdout.decode(errors="surrogateescape")


def _unanswered(folder: Path, why: str) -> StateError:
    return StateError(f"git cannot say which locks the repository of {folder} holds: {why}", help=_HELP)


class _Objects:
    """The objects of a repository, each read once."""

    def __init__(self, asked: subprocess.Popen[bytes], folder: Path) -> None:
        assert asked.stdin is not None
        assert asked.stdout is not None
        self._questions, self._answers, self._folder = asked.stdin, asked.stdout, folder
        self._seen: set[str] = set()

    def locks(self, ref: str, name: str) -> Iterator[tuple[str, bytes]]:
        """Yield the locks in the tree of a commit, with the places where they are."""
        waiting = [("", name)]
        while waiting:
            path, name = waiting.pop()
            kind, data = self._read(f"{ref}: {path}" if path else ref, f"{name}^{{}}")
            if kind == b"commit":
                waiting.append((path, data[5 : data.index(b"\n")].decode()))
            if kind != b"tree":
                continue
            for mode, entry, below in _entries(data, len(name) // 2):
                inside = f"{path}{entry.decode(errors='surrogateescape')}"
                if mode == _FOLDER and below not in self._seen:
                    self._seen.add(below)
                    waiting.append((f"{inside}/", below))
                elif mode in _FILES and entry.endswith(b".lock"):
                    yield from self.lock(f"{ref}: {inside}", below)

    def lock(self, place: str, name: str) -> Iterator[tuple[str, bytes]]:
        """Yield a file, unless its content was yielded before."""
        if name not in self._seen:
            self._seen.add(name)
            yield place, self._read(place, name)[1]

    def _read(self, place: str, name: str) -> tuple[bytes, bytes]:
        """Return the kind of an object and what it holds. Raises StateError when it is missing."""
        try:
            self._questions.write(f"{name}\n".encode())
            self._questions.flush()
            head = self._answers.readline().split()
        except OSError as error:
            raise _unanswered(self._folder, str(error)) from error
        size = int(head[2]) if len(head) == 3 and head[2].isdigit() else -1
        if not 0 <= size <= MAX_BYTES:
            why = "it is missing" if size < 0 else f"it is larger than {MAX_BYTES >> 20} MiB"
            raise StateError(f"{place} cannot be read: {why}", help=_HELP)
        data = self._answers.read(size + 1)
        return head[1], data[:-1]


@contextmanager
def _reading(folder: Path) -> Iterator[_Objects]:
    words = ["git", "-C", str(folder), "cat-file", "--batch"]
    # What a partial clone lacks is not fetched, and counts as not known.
    env = os.environ | {"GIT_NO_LAZY_FETCH": "1"}
    try:
        asked = subprocess.Popen(  # noqa: S603 - no shell
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env
        )
    except OSError as error:
        raise _unanswered(folder, error.strerror or str(error)) from error
    try:
        yield _Objects(asked, folder)
    finally:
        asked.kill()
        asked.communicate()


def _entries(tree: bytes, width: int) -> Iterator[tuple[bytes, bytes, str]]:
    """Yield mode, name and object of each entry of a tree, whose object names are `width` bytes long."""
    at = 0
    while at < len(tree):
        space, end = tree.index(b" ", at), tree.index(b"\0", at)
        name = tree[end + 1 : end + 1 + width]
        yield tree[at:space], tree[space + 1 : end], name.hex()
        at = end + 1 + width
