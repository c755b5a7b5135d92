"""Files written whole or not at all, and outputs that never leave their folder."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import stat
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from runner.errors import StateError

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHUNK = 1 << 20
_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)
"""How filesystems without hard links answer."""


def write_atomic(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write `data` so that a reader, or a crash, sees the old file or the new one.

    A symbolic link at `path` is followed once, so the link stays a link.
    """
    target = path.resolve() if path.is_symlink() else path
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(_temporary(target.name))
    temporary.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Make the names inside `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def digest(path: Path | str, *, folder: int | None = None) -> str | None:
    """Return the SHA-256 of a regular file in hex, or None when there is none at `path`, seen from an open `folder`."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    except OSError:
        return None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return None
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        try:
            return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            return None


def place(source: Path, root: Path, relative: str, *, owned: frozenset[str]) -> None:
    """Copy `source` to `root/relative` atomically, through no symbolic link and over no file that is not ours.

    `owned` holds the hashes of files this pipeline wrote: only such a file, or none, may stand at the target.
    Raises StateError when a parent is a link, or a stranger's file is in the way, also one that came meanwhile.
    """
    parts = PurePosixPath(relative).parts
    allowed = owned | {digest(source)}
    with _open_folder(root, parts[:-1]) as folder:
        target, temporary = _Target(root / relative, folder), _temporary(parts[-1])
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=folder)
        target.check(allowed)
        try:
            opener = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644, dir_fd=folder)
            with source.open("rb") as reader, os.fdopen(opener, "wb") as writer:
                shutil.copyfileobj(reader, writer, _CHUNK)
                writer.flush()
                os.fsync(writer.fileno())
            target.fill(temporary, allowed)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary, dir_fd=folder)
            raise
        os.fsync(folder)


def remove_owned(root: Path, relative: str, *, owned: frozenset[str]) -> bool:
    """Remove an output that was moved elsewhere, if it is still exactly what this pipeline wrote."""
    parts = PurePosixPath(relative).parts
    try:
        with _open_folder(root, parts[:-1], make=False) as folder:
            if digest(parts[-1], folder=folder) not in owned:
                return False
            os.unlink(parts[-1], dir_fd=folder)
    except (StateError, FileNotFoundError):
        return False
    return True


def is_through_link(root: Path, folder: str) -> bool:
    """Say whether a link or something that is no folder stands on the way to a folder: nothing is written through it."""
    try:
        with _open_folder(root, PurePosixPath(folder).parts, make=False):
            return False
    except FileNotFoundError:
        return False
    except StateError as error:
        return not isinstance(error.__cause__, FileNotFoundError)


def _temporary(name: str) -> str:
    """Return the one name under which a file is written before it gets its own: what a kill leaves is used up next time."""
    return f".{name[:100]}.scorefile.tmp"


@contextlib.contextmanager
def _open_folder(root: Path, parts: tuple[str, ...], *, make: bool = True) -> Iterator[int]:
    """Open root/parts, creating folders where `make` says so, refusing links on the way; yield its descriptor."""
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for depth, part in enumerate(parts, start=1):
            with contextlib.suppress(FileExistsError):
                if make:
                    os.mkdir(part, dir_fd=descriptor)
            try:
                inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=descriptor)
            except OSError as error:
                place_ = "/".join(parts[:depth])
                raise StateError(
                    f"{place_} is a link or not a folder; nothing is written through it",
                    help=f"make {place_} a real folder, or change `output`",
                ) from error
            os.close(descriptor)
            descriptor = inner
        yield descriptor
    finally:
        os.close(descriptor)


class _Target:
    """The place of one output: a name in an open folder."""

    def __init__(self, path: Path, folder: int) -> None:
        self._path, self._name, self._folder = path, path.name, folder

    def check(self, allowed: frozenset[str | None]) -> bool:
        """Say whether something stands here. Raises StateError when it is no file with one of these hashes."""
        try:
            os.lstat(self._name, dir_fd=self._folder)
        except FileNotFoundError:
            return False
        found = digest(self._name, folder=self._folder)
        if found is None or found not in allowed:
            raise self._stranger()
        return True

    def fill(self, temporary: str, allowed: frozenset[str | None]) -> None:
        """Give a finished file of the same folder this name. Raises StateError over what came since it was begun."""
        folder = self._folder
        if self.check(allowed):
            os.rename(temporary, self._name, src_dir_fd=folder, dst_dir_fd=folder)
            return
        try:
            # Unlike a rename, a link never takes the place of what came in this very moment.
            os.link(temporary, self._name, src_dir_fd=folder, dst_dir_fd=folder)
        except FileExistsError:
            raise self._stranger() from None
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            os.rename(temporary, self._name, src_dir_fd=folder, dst_dir_fd=folder)
        else:
            os.unlink(temporary, dir_fd=folder)

    def _stranger(self) -> StateError:
        return StateError(
            f"{self._name} is there already and this pipeline did not write it",
            help=f"move {self._path} away, or change `output`",
        )
