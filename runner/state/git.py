"""What git knows of a file that it could not merge, and how it is told who merges which file."""

from __future__ import annotations

import os
import posixpath
import re
import subprocess
from pathlib import Path, PurePosixPath

from runner.state.files.atomic import append_line

BASE, OURS, THEIRS = 1, 2, 3
"""The stages of an unmerged file, as git numbers them."""
_DRIVER = {
    "merge.scorefile.name": "Scorefile: join both locks",
    "merge.scorefile.driver": "scorefile merge-driver %O %A %B %P",
}


def unmerged(folder: Path) -> tuple[str, ...]:
    """Return the files in and below a folder that git could not merge, relative to it; none without git."""
    listed = _git(folder, "ls-files", "--unmerged", "-z") or b""
    rows = [row.partition(b"\t")[2].decode(errors="surrogateescape") for row in listed.split(b"\0") if row]
    return tuple(dict.fromkeys(rows))


def stages(path: Path) -> dict[int, bytes]:
    """Return what each stage of an unmerged file holds; nothing when git has merged it, or does not know it."""
    listed = _git(path.parent, "--literal-pathspecs", "ls-files", "--unmerged", "-z", "--", path.name) or b""
    found: dict[int, bytes] = {}
    for row in filter(None, listed.split(b"\0")):
        _mode, name, stage = row.partition(b"\t")[0].split()
        content = _git(path.parent, "cat-file", "blob", name.decode())
        if content is not None:
            found[int(stage)] = content
    return found


def install_driver(folder: Path, locks: tuple[str, ...]) -> bool:
    """Let git merge these locks of a folder with Scorefile, in its repository; return False outside of one."""
    for lock in locks:
        append_line(folder / ".gitattributes", f"{_pattern(lock)} merge=scorefile")
    return all(_git(folder, "config", "--local", name, value) is not None for name, value in _DRIVER.items())


def commit_of(folder: Path, ref: str) -> str | None:
    """Return the id of the commit that a name means in the repository of a folder; None when there is none."""
    found = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    return None if found is None else found.decode().strip()


def file_at(folder: Path, commit: str, path: str) -> bytes | None:
    """Return what a file held in a commit, by its path from the folder; None when it was not there."""
    name = PurePosixPath(posixpath.normpath(path))
    return None if name.is_absolute() else _git(folder, "cat-file", "blob", f"{commit}:./{name}")


def lfs_object(folder: Path, pointer: bytes) -> Path | None:
    """Return where Git LFS keeps the file that a pointer stands for, on this machine; None when it is not here."""
    found = re.search(rb"^oid sha256:([0-9a-f]{64})$", pointer, re.MULTILINE)
    common = _git(folder, "rev-parse", "--path-format=absolute", "--git-common-dir")
    if found is None or common is None:
        return None
    oid = found[1].decode()
    path = Path(os.fsdecode(common.strip())) / "lfs" / "objects" / oid[:2] / oid[2:4] / oid
    return path if path.is_file() else None


def is_repository(folder: Path) -> bool:
    """Say whether a folder is in the work tree of a repository."""
    return (_git(folder, "rev-parse", "--is-inside-work-tree") or b"").strip() == b"true"


def user_name(folder: Path) -> str | None:
    """Return the name of the person as git knows it; None where it knows none."""
    named = (_git(folder, "config", "user.name") or b"").decode(errors="replace").strip()
    return named or None


def _git(folder: Path, *args: str) -> bytes | None:
    """Return what a command of git prints; None when it fails, or there is no git."""
    words = ["git", "-C", str(folder), *args]
    try:
        ran = subprocess.run(words, capture_output=True, check=True, stdin=subprocess.DEVNULL)  # noqa: S603 - no shell
    except (OSError, subprocess.CalledProcessError):
        return None
    return ran.stdout


def _pattern(name: str) -> str:
    """Return a file's name as .gitattributes takes it: for this name and no other."""
    exact = "".join(f"\\{letter}" if letter in "*?[]\\" else letter for letter in name)
    if " " not in exact and exact[0] not in '#!"':
        return exact
    return '"' + exact.replace("\\", "\\\\").replace('"', '\\"') + '"'
