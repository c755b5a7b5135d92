"""What the system says of many files, without reading one: their kind, device, inode, size and times.

It is on the way of every `scorefile run`, so it imports next to nothing.
"""

from __future__ import annotations

import os
import stat
import sys

NUMBERS = 6
"""How many numbers are said of a file."""
_ABSENT = (0,) * NUMBERS
if sys.platform == "win32":
    _FILE = _FOLDER = _INNER = 0
else:
    _FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    _FOLDER = os.O_RDONLY | os.O_DIRECTORY
    _INNER = _FOLDER | os.O_NOFOLLOW


def can_prove() -> bool:
    """Say whether a change of a file always shows here. What Windows calls ctime is when a file was made."""
    return sys.platform != "win32"


def seen(path: bytes) -> tuple[int, ...]:
    """Return mode, device, inode, size, mtime and ctime in ns of what is at a path, no link followed; zeros for nothing."""
    try:
        found = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return _ABSENT
    return (found.st_mode, found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def seen_in(root: bytes, folder: bytes, names: list[bytes]) -> list[int]:
    """Return what `seen` returns of each name in root/folder, in a row. Raises OSError for a link on the way, or no file."""
    numbers: list[int] = []
    look, opened = os.stat, _open_folder(root, folder)
    try:
        for name in names:
            found = look(name, dir_fd=opened, follow_symlinks=False)
            numbers += (
                found.st_mode,
                found.st_dev,
                found.st_ino,
                found.st_size,
                found.st_mtime_ns,
                found.st_ctime_ns,
            )
    finally:
        os.close(opened)
    return numbers


def entries(folder: bytes) -> list[bytes]:
    """Return the names in a folder, sorted; none when it is not there.

    Raises ValueError when it, or anything in it, is neither a folder nor a regular file.
    """
    if stat.S_ISLNK(seen(folder)[0]):
        raise ValueError("a link")
    try:
        with os.scandir(folder) as found:
            there = list(found)
    except FileNotFoundError:
        return []
    if not all(entry.is_file(follow_symlinks=False) or entry.is_dir(follow_symlinks=False) for entry in there):
        raise ValueError("a link, or a device")
    return sorted(entry.name for entry in there)


def read_whole(path: bytes, *, limit: int) -> bytes:
    """Return what a regular file of at most `limit` bytes holds. Raises OSError or ValueError for anything else."""
    descriptor = os.open(path, _FILE)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_size > limit:
            raise ValueError("not a file of this size")
        data = os.read(descriptor, found.st_size + 1)
    finally:
        os.close(descriptor)
    if len(data) != found.st_size:
        raise ValueError("it changed while it was read")
    return data


def _open_folder(root: bytes, folder: bytes) -> int:
    opened = os.open(root, _FOLDER)
    for part in folder.split(b"/"):
        try:
            inner = os.open(part, _INNER, dir_fd=opened)
        finally:
            os.close(opened)
        opened = inner
    return opened
