"""An open folder: files in it by name, whatever happens to the path that led there."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import stat
import sys
from typing import TYPE_CHECKING, Protocol

if sys.platform == "win32":
    from runner.state.files.path_folder import open_folder, open_regular
else:
    from runner.state.files.posix_folder import open_folder, open_regular

if TYPE_CHECKING:
    from io import FileIO
    from pathlib import Path
    from typing import BinaryIO

_CHUNK = 1 << 18

__all__ = ["Folder", "copied", "digest", "digest_of", "open_folder", "open_regular", "read_regular", "write_whole"]


class Folder(Protocol):
    """Names are of files in this folder itself."""

    def open_regular(self, name: str) -> FileIO | None:
        """Open a regular file for reading; None when there is none: no link is followed."""

    def has(self, name: str) -> bool:
        """Say whether anything has this name, a link to nothing included."""

    def create(self, name: str) -> BinaryIO:
        """Open a new file for writing. Raises FileExistsError when anything has this name."""

    def rename(self, old: str, new: str) -> None:
        """Rename a file over another one, atomically."""

    def claim(self, temporary: str, name: str) -> None:
        """Rename a file to a name that nothing has. Raises FileExistsError."""

    def remove(self, name: str) -> None:
        """Remove a file. Raises FileNotFoundError."""


def read_regular(path: Path, *, limit: int) -> bytes:
    """Return what a regular file holds: no link is followed, no pipe waited for, and no more than `limit` bytes read.

    Raises FileNotFoundError when nothing is there, OSError when it cannot be read, ValueError when it should not be.
    """
    file = open_regular(path)
    if file is None:
        mode = path.lstat().st_mode  # raises FileNotFoundError where nothing is there
        if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
            number = errno.EACCES if stat.S_ISREG(mode) else errno.EISDIR
            raise OSError(number, os.strerror(number), str(path))
        raise ValueError("it is a link, or not a regular file")
    with file, io.BufferedReader(file) as reader:
        data = reader.read(limit + 1)
    if len(data) > limit:
        raise ValueError(f"it is larger than {limit >> 20} MiB")
    return data


def digest(path: Path) -> str | None:
    """Return the SHA-256 of a regular file in hex, or None when there is none at `path`."""
    return digest_of(open_regular(path))


def digest_of(file: FileIO | None) -> str | None:
    """Return the SHA-256 in hex of what is left in an open file, and close it; None when it cannot be read."""
    if file is None:
        return None
    with file:
        try:
            return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            return None


def copied(source: BinaryIO, target: BinaryIO) -> str:
    """Copy what is left in an open file to another one, and return its SHA-256 in hex."""
    found = hashlib.sha256()
    while chunk := source.read(_CHUNK):
        found.update(chunk)
        write_whole(target, chunk)
    return found.hexdigest()


def write_whole(target: BinaryIO, data: bytes | memoryview) -> None:
    """Write all of `data` to a file that may be unbuffered, and then writes no more at once than the system takes."""
    left = memoryview(data)
    while left:
        left = left[target.write(left) :]
