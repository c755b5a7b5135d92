"""What is known before anything is planned: what was submitted, which files are on disk, which takes are stored."""

from __future__ import annotations

import os
import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from runner.plan.finishing import path_of
from runner.records.media_types import EXTENSIONS
from runner.state.agreement import Agreement
from runner.state.blobs.local import LocalBlobs
from runner.state.files.placing import is_through_link
from runner.state.finding import is_too_high, levels_above
from runner.state.hashes import HashMemory
from runner.state.lock_writer import LockWriter
from runner.state.outputs import is_lfs_pointer
from runner.state.store import StateStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from runner.records.lock import Lock
    from runner.records.request import Request
    from runner.records.submission import Submission
    from runner.state.blobs.protocol import Blobs
    from runner.state.project import Project


_EXTENSIONS = frozenset(EXTENSIONS.values())


class StoredTakes:
    """The store asked by content: a take is in it when its blob is what its name says. Each blob is read once."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._sound: dict[object, bool] = {}

    def __contains__(self, sha256: object) -> bool:
        if sha256 not in self._sound:
            self._sound[sha256] = isinstance(sha256, str) and self._blobs.check(sha256)
        return self._sound[sha256]


class ReadWhenAsked(Mapping[str, "Submission"]):
    """The submissions by attempt, which nobody reads before one of them is needed."""

    def __init__(self, read: Callable[[], Mapping[str, Submission]]) -> None:
        self._read = read

    def __getitem__(self, attempt: str) -> Submission:
        return self._read()[attempt]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())


class Wanted:
    """The names in one folder at which an output is, or may be to come: `names`, and `stems` with the extension of any audio."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.stems: set[str] = set()

    def __contains__(self, name: object) -> bool:
        stem, dot, extension = str(name).rpartition(".")
        return name in self.names or (stem in self.stems and dot + extension in _EXTENSIONS)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names | {stem + extension for stem in self.stems for extension in _EXTENSIONS})

    def like(self, listed: Iterable[str]) -> Iterator[str]:
        """Yield the names that some file systems take for one that is listed, and that are written otherwise."""
        alike = {_folded(name) for name in listed}
        odd = {name for name in self.names if _folded(name) != name}
        odd |= {stem + ending for stem in self.stems if _folded(stem) != stem for ending in _EXTENSIONS}
        yield from (name for name in odd if _folded(name) in alike)
        yield from (name for name in alike if name in self and name not in odd)


def by_folder(paths: Iterable[str], *, without_extension: Iterable[str] = ()) -> dict[str, Wanted]:
    """Return folder → the names of these paths in it."""
    found: dict[str, Wanted] = defaultdict(Wanted)
    for path in paths:
        folder, _, name = path.rpartition("/")
        found[folder].names.add(name)
    for path in without_extension:
        folder, _, stem = path.rpartition("/")
        found[folder].stems.add(stem)
    return found


def output_paths(requests: Iterable[Request], lock: Lock) -> dict[str, Wanted]:
    """Return every path at which an output is, or may be to come, by its folder."""
    named = [(request.output, request) for request in requests if request.output is not None]
    finished = (path_of(request, kind) for _, request in named if request.finishing is not None for kind in EXTENSIONS)
    return by_folder((*lock.at_path, *finished), without_extension=(output for output, _ in named))


def output_hashes(root: Path, wanted: Mapping[str, Wanted], state: Path) -> dict[str, str | None]:
    """Return path → hash of the file there; None for what is no regular file, or is reached through a link.

    None also for what lies outside of the git work tree: it is not read. Hashes are kept in the state folder, `state`.
    """
    levels = levels_above(root)
    safe = {folder for folder in wanted if not is_too_high(folder, levels) and not is_through_link(root, folder)}
    unsafe = (_path(folder, name) for folder, names in wanted.items() if folder not in safe for name in names)
    there = [_path(folder, name) for folder in safe for name in _present(root / folder, wanted[folder])]
    return HashMemory(root, state).digests(there) | dict.fromkeys(unsafe)


def _path(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _present(folder: Path, wanted: Wanted) -> set[str]:
    """Return the names in a folder at which something is: it is listed once, since most are only possible ones."""
    try:
        with os.scandir(folder) as found:
            listed = {entry.name for entry in found}
    except (FileNotFoundError, NotADirectoryError):
        return set()
    except OSError:
        return {name for name in wanted if os.path.lexists(folder / name)}  # it may be looked into, and not listed
    others = {name for name in wanted.like(listed) if name not in listed}
    return {name for name in listed if name in wanted} | {name for name in others if os.path.lexists(folder / name)}


def _folded(name: str) -> str:
    """Return what names have in common that some file systems take for one."""
    return (
        name.lower() if name.isascii() else unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).casefold())
    )


class LfsPointers:
    """The outputs at which Git LFS left a pointer; `outputs` as `output_hashes` returns them. A file is read when it is asked for."""

    def __init__(self, root: Path, outputs: Mapping[str, str | None]) -> None:
        self._root, self._outputs = root, outputs

    def __contains__(self, path: object) -> bool:
        return isinstance(path, str) and self._outputs.get(path) is not None and is_lfs_pointer(self._root / path)


@contextmanager
def open_store(
    project: Project, *, known: tuple[bytes | None, Lock] | None = None, keep_lock: bool = False
) -> Iterator[StateStore]:
    """Open journal, lock and store of a project for writing, under the run lock that the caller has taken.

    `known`: the bytes of the lock as they were read before, and the lock that they make.
    """
    store = StateStore(
        root=project.root,
        lock=LockWriter(project.lock, rehearsal=project.rehearsal, known=known),
        journal_path=project.journal,
        blobs=LocalBlobs(project.blobs, pipeline=project.name),
        keep_lock=keep_lock,
    )
    try:
        store.blobs.incoming.sweep()
        yield store
    finally:
        store.close()
    agreement = Agreement(project.journal)
    agreement.note(agreement.digest(store.lock_file), store.lock, store.submissions)
