"""An open folder by its path, for systems without descriptors of folders: Windows.

Weaker than `posix_folder`: links and junctions are refused where they are seen, but one that another program puts there
between the look and the write is followed.
"""

from __future__ import annotations

import contextlib
import os
import stat
from typing import TYPE_CHECKING

from runner.state.files import system
from runner.state.files.refusals import not_a_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import FileIO
    from pathlib import Path
    from typing import BinaryIO


@contextlib.contextmanager
def open_folder(root: Path, parts: tuple[str, ...], *, make: bool = True) -> Iterator[PathFolder]:
    """Open root/parts, creating folders where `make` says so.

    Raises StateError naming the part that is a link, no folder, or missing.
    """
    path = root
    for depth, part in enumerate(parts, start=1):
        path /= part
        shown = "/".join(parts[:depth])
        if make:
            with contextlib.suppress(FileExistsError):
                path.mkdir()
        try:
            found = path.lstat()
        except OSError as error:
            raise not_a_folder(shown) from error
        if not stat.S_ISDIR(found.st_mode) or system.is_link(found):
            raise not_a_folder(shown)
    yield PathFolder(path)


def open_regular(path: Path) -> FileIO | None:
    """Open a regular file for reading; None when there is none: no link is followed."""
    try:
        return path.open("rb", buffering=0) if stat.S_ISREG(path.lstat().st_mode) else None
    except OSError:
        return None


class PathFolder:
    """Names are seen from one path."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def open_regular(self, name: str) -> FileIO | None:
        return open_regular(self._path / name)

    def has(self, name: str) -> bool:
        return os.path.lexists(self._path / name)

    def create(self, name: str) -> BinaryIO:
        return (self._path / name).open("xb", buffering=0)

    def rename(self, old: str, new: str) -> None:
        system.replace(self._path / old, self._path / new)

    def claim(self, temporary: str, name: str) -> None:
        system.claim_name(str(self._path / temporary), str(self._path / name))

    def remove(self, name: str) -> None:
        (self._path / name).unlink()
