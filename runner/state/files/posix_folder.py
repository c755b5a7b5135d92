"""An open folder by its descriptor: nothing that happens to its path meanwhile leads a write elsewhere."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from typing import TYPE_CHECKING

from runner.state.files import system
from runner.state.files.refusals import not_a_folder

assert sys.platform != "win32"

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import FileIO
    from pathlib import Path
    from typing import BinaryIO


@contextlib.contextmanager
def open_folder(root: Path, parts: tuple[str, ...], *, make: bool = True) -> Iterator[PosixFolder]:
    """Open root/parts, creating folders where `make` says so.

    Raises StateError naming the part that is a link, no folder, or missing.
    """
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for depth, part in enumerate(parts, start=1):
            inner = _inner(part, descriptor)
            if make and isinstance(inner, FileNotFoundError):
                with contextlib.suppress(FileExistsError):
                    os.mkdir(part, dir_fd=descriptor)
                inner = _inner(part, descriptor)
            if isinstance(inner, OSError):
                raise not_a_folder("/".join(parts[:depth])) from inner
            os.close(descriptor)
            descriptor = inner
        yield PosixFolder(descriptor)
    finally:
        os.close(descriptor)


def _inner(part: str, folder: int) -> int | OSError:
    """Open a folder in an open one; return why not where it cannot be."""
    try:
        return os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
    except OSError as error:
        return error


def open_regular(path: Path | str, *, folder: int | None = None) -> FileIO | None:
    """Open a regular file for reading; None when there is none: no link is followed, no pipe waited for."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    except OSError:
        return None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return None
    return os.fdopen(descriptor, "rb", buffering=0)


class PosixFolder:
    """Names are seen from one open descriptor."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def open_regular(self, name: str) -> FileIO | None:
        return open_regular(name, folder=self._descriptor)

    def has(self, name: str) -> bool:
        try:
            os.lstat(name, dir_fd=self._descriptor)
        except FileNotFoundError:
            return False
        return True

    def create(self, name: str) -> BinaryIO:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        return os.fdopen(os.open(name, flags, 0o644, dir_fd=self._descriptor), "wb", buffering=0)

    def rename(self, old: str, new: str) -> None:
        os.rename(old, new, src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor)

    def claim(self, temporary: str, name: str) -> None:
        system.claim_name(temporary, name, folder=self._descriptor)

    def remove(self, name: str) -> None:
        os.unlink(name, dir_fd=self._descriptor)
