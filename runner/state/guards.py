"""What a cloned repository may not bring: links and devices where the lock and the state are read and written."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from runner.errors import StateError
from runner.state.files import system

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def refuse_links(project: Path, *, lock: Path, state: Path, blobs: Path, root: Path) -> None:
    """Raise StateError when the lock, the state folder or anything in it is a link, or neither a file nor a folder.

    So is the folder that outputs are relative to, where that is not the project's own.

    The links on the way to a folder outside the project that SCOREFILE_STATE_DIR names are the user's own.
    """
    top = state.parents[1]
    _check(lock, file=True)
    for folder in (*_way_to(top, project), *_way_to(root, project)):
        _check(folder, folder=True)
    for folder in (top, state.parent, state, blobs, blobs / "incoming", blobs / "quarantine"):
        for path in _entries(folder):
            _check(path, file=True, folder=True)


def _way_to(top: Path, folder: Path) -> Iterator[Path]:
    """Yield the folders from the project's to the top of its state; none when that lies elsewhere."""
    if top.is_relative_to(folder):
        for part in top.relative_to(folder).parts:
            folder /= part
            yield folder


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StateError(
            f"cannot read {folder}: {error.strerror}", help="check what it is, and its permissions"
        ) from error


def _check(path: Path, *, file: bool = False, folder: bool = False) -> None:
    try:
        found = path.lstat()
    except OSError:
        return  # it is missing, or was an unfinished download until now
    if system.is_link(found):
        raise StateError(
            f"{path} is a link; the lock and the state folder are read and written through no link",
            help="remove the link, and restore what it stands for with git; SCOREFILE_STATE_DIR moves the state elsewhere",
        )
    if not ((file and stat.S_ISREG(found.st_mode)) or (folder and stat.S_ISDIR(found.st_mode))):
        wanted = " or ".join(["a regular file"] * file + ["a folder"] * folder)
        raise StateError(f"{path} is not {wanted}", help="move it away")
