"""The platform seam for files: what each system guarantees about disks and names.

Linux and macOS guarantee all of it. Windows guarantees less; each docstring says where.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
import time
from typing import TYPE_CHECKING

from runner.state.files.unchanged import FileStamp

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)
"""How filesystems without hard links answer."""
_JUNCTION = 0xA0000003
"""IO_REPARSE_TAG_MOUNT_POINT; folders of OneDrive are reparse points as well, and are no links."""
_BUSY_S = 2.0
_PAUSE_S = 0.02
_LONG_AGO_NS = 3600 * 1_000_000_000
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)


def sync_file(descriptor: int) -> None:
    """Make the content of an open file durable. On macOS the drive is told to empty its cache, too."""
    if sys.platform == "darwin":
        import fcntl

        # Network filesystems do not know this request.
        with contextlib.suppress(OSError):
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
            return
    os.fsync(descriptor)


def sync_data(descriptor: int) -> None:
    """Make the content and size of an open file durable; its times may be lost."""
    if sys.platform == "linux":
        os.fdatasync(descriptor)
    else:
        sync_file(descriptor)


def sync_folder(folder: Path) -> None:
    """Make the names inside `folder` durable. Windows cannot: there a power cut may undo the last renames."""
    if sys.platform != "win32":
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def release_memory(file: BinaryIO) -> None:
    """Release the memory in which the system caches a durable file that is not expected to be read soon.

    Only on Linux; nothing happens elsewhere, and for an object without a descriptor. The file itself stays as it is.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def allocate(descriptor: int, size: int) -> None:
    """Take `size` bytes of disk for an open, empty file. Raises OSError when the disk has no room for them.

    Elsewhere than on Linux bytes are written that no filesystem can compress.
    """
    if sys.platform == "linux":
        os.posix_fallocate(descriptor, 0, size)
    else:
        os.write(descriptor, os.urandom(size))


def replace(source: Path, target: Path) -> None:
    """Rename a file over another one, atomically.

    Windows refuses while another process, such as a virus scanner, has either file open, so it is retried for 2 s there.
    """
    end = time.monotonic() + (_BUSY_S if sys.platform == "win32" else 0.0)
    while True:
        try:
            source.replace(target)
        except PermissionError:
            if time.monotonic() >= end:
                raise
            time.sleep(_PAUSE_S)
        else:
            return


def claim_name(temporary: str, name: str, *, folder: int | None = None) -> None:
    """Give a finished file its name unless something has that name. Raises FileExistsError then.

    Paths are seen from the open `folder`, where there is one. A filesystem without hard links renames, which replaces
    a file that gets the name at the same moment; Windows needs no links for it.
    """
    if sys.platform == "win32":
        os.rename(temporary, name)  # noqa: PTH104 - unlike elsewhere, this never replaces a file
    else:
        try:
            # Unlike a rename, a link never takes the place of another file.
            os.link(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
        else:
            os.unlink(temporary, dir_fd=folder)


def make_read_only(path: Path) -> None:
    """Keep other programs from changing a file by accident. Not on Windows, where it could then not be removed either."""
    if sys.platform != "win32":
        path.chmod(0o444)


def is_link(found: os.stat_result) -> bool:
    """Say whether this is a symbolic link, or a junction of Windows."""
    return stat.S_ISLNK(found.st_mode) or getattr(found, "st_reparse_tag", 0) == _JUNCTION


def is_own(path: Path) -> bool:
    """Say whether a file belongs to the user of this process. Windows cannot say: it always does there."""
    return sys.platform == "win32" or path.stat().st_uid == os.geteuid()


def touch(path: Path) -> os.stat_result:
    """Make a file, or give it the time that its file system has now, and return what the system says of it.

    Raises OSError for a link, which Windows follows.
    """
    if sys.platform == "win32":
        path.touch()
        return path.stat()
    else:  # noqa: RET505 - mypy calls the rest unreachable on Windows otherwise
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
        try:
            os.utime(descriptor)
            return os.fstat(descriptor)
        finally:
            os.close(descriptor)


def stamp_of(found: os.stat_result) -> FileStamp | None:
    """Return the stamp of a regular file; None for what is none, and where no inode and no ctime tell files apart.

    What Windows calls ctime is when the file was made: a change leaves it as it is.
    """
    if sys.platform != "win32" and stat.S_ISREG(found.st_mode) and found.st_ino:
        return FileStamp(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
    return None


def moment_by(file: Path) -> tuple[int, int] | None:
    """Return the moment in ns before which a change of a file is settled (see `unchanged`), and the device of `file`.

    The mtime of this file of ours is set back to ask its file system for the time. None where there is none, or where a
    change may not show in ctime.
    """
    earlier = time.time_ns() - _LONG_AGO_NS
    try:
        with open(file, "rb", buffering=0, opener=lambda name, flags: os.open(name, flags | _NO_LINK)) as opened:
            os.utime(opened.fileno() if os.utime in os.supports_fd else file, ns=(earlier, earlier))
            found = stamp_of(os.fstat(opened.fileno()))
    except OSError:
        return None
    if found is None or found.ctime_ns < earlier + _LONG_AGO_NS // 2:
        return None  # what looks like ctime here is mtime, which any program sets
    return min(time.time_ns(), found.ctime_ns), found.device
