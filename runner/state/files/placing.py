"""Write outputs: never through a link, and never over a file that this pipeline did not write."""

from __future__ import annotations

import contextlib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from runner.errors import StateError
from runner.state.files import folder as folders
from runner.state.files import system
from runner.state.files.atomic import temporary_name
from runner.state.files.folder import copied
from runner.state.files.refusals import not_ours

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

    from runner.state.files.folder import Folder


class OtherBytes(Exception):
    """What was to be placed is not what its hash says."""


def place(source: BinaryIO, sha256: str, root: Path, relative: str, *, owned: frozenset[str]) -> None:
    """Copy `source`, whose hash is to be `sha256`, to `root/relative` atomically. A power failure may take its name again, never half of it.

    `owned` holds the hashes of files this pipeline wrote: only such a file, or none, may be at the target.
    Raises OtherBytes when the source has another hash, StateError when a parent is a link, or another file has this name, even
    one that appeared meanwhile.
    """
    parts = PurePosixPath(relative).parts
    with folders.open_folder(root, parts[:-1]) as folder:
        target, temporary = _Target(root / relative, folder, owned | {sha256}), temporary_name(parts[-1])
        target.check()
        try:
            with _created(folder, temporary) as writer:
                if copied(source, writer) != sha256:
                    raise OtherBytes
                system.sync_file(writer.fileno())
            target.fill(temporary)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                folder.remove(temporary)
            raise


def _created(folder: Folder, temporary: str) -> BinaryIO:
    """Open a new file for writing, in the place of one that a killed run has left."""
    try:
        return folder.create(temporary)
    except FileExistsError:
        folder.remove(temporary)
        return folder.create(temporary)


def remove_owned(root: Path, relative: str, *, owned: frozenset[str]) -> bool:
    """Remove an output that was moved elsewhere, if it is still exactly what this pipeline wrote."""
    parts = PurePosixPath(relative).parts
    try:
        with folders.open_folder(root, parts[:-1], make=False) as folder:
            if folders.digest_of(folder.open_regular(parts[-1])) not in owned:
                return False
            folder.remove(parts[-1])
    except (StateError, FileNotFoundError):
        return False
    return True


def is_through_link(root: Path, folder: str) -> bool:
    """Return whether the path to a folder has a link in it, or something that is not a folder."""
    try:
        with folders.open_folder(root, PurePosixPath(folder).parts, make=False):
            return False
    except FileNotFoundError:
        return False
    except StateError as error:
        return not isinstance(error.__cause__, FileNotFoundError)


class _Target:
    """The place of one output: a name in an open folder, and the hashes of files that it may replace."""

    def __init__(self, path: Path, folder: Folder, allowed: frozenset[str]) -> None:
        self._path, self._name, self._folder, self._allowed = path, path.name, folder, allowed

    def check(self) -> bool:
        """Return whether the name is taken. Raises StateError when it is not a file that may be replaced."""
        if not self._folder.has(self._name):
            return False
        if folders.digest_of(self._folder.open_regular(self._name)) not in self._allowed:
            raise not_ours(self._path)
        return True

    def fill(self, temporary: str) -> None:
        """Rename a finished file of the same folder to this name. Raises StateError when another file has appeared there."""
        if self.check():
            self._folder.rename(temporary, self._name)
            return
        try:
            self._folder.claim(temporary, self._name)
        except FileExistsError:
            raise not_ours(self._path) from None
