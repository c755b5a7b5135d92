"""What is known before anything is planned: what was submitted, which files are on disk, which takes are stored."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from runner.state.agreement import Agreement
from runner.state.blobs.local import LocalBlobs
from runner.state.files.folder import digest
from runner.state.files.placing import is_through_link
from runner.state.finding import is_too_high, levels_above
from runner.state.outputs import is_lfs_pointer
from runner.state.store import StateStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from runner.records.submission import Submission
    from runner.state.blobs.protocol import Blobs
    from runner.state.project import Project


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


def output_hashes(root: Path, paths: set[str]) -> dict[str, str | None]:
    """Return path → hash of the file there; None for what is no regular file, or is reached through a link.

    None also for what lies outside of the git work tree: it is not read.
    """
    levels = levels_above(root)
    outside = {path for path in paths if is_too_high(path, levels)}
    folders = {path.rpartition("/")[0] for path in paths - outside}
    linked = {folder for folder in folders if is_through_link(root, folder)}
    unsafe = outside | {path for path in paths if path.rpartition("/")[0] in linked}
    found = {path: digest(root / path) for path in paths - unsafe if os.path.lexists(root / path)}
    return found | dict.fromkeys(unsafe)


def lfs_pointers(root: Path, outputs: Mapping[str, str | None]) -> frozenset[str]:
    """Return the outputs at which Git LFS left a pointer; `outputs` as `output_hashes` returns them."""
    return frozenset(path for path, found in outputs.items() if found is not None and is_lfs_pointer(root / path))


@contextmanager
def open_store(project: Project, *, keep_lock: bool = False) -> Iterator[StateStore]:
    """Open journal, lock and store of a project for writing, under the run lock that the caller has taken."""
    store = StateStore(
        root=project.root,
        lock_path=project.lock,
        journal_path=project.journal,
        blobs=LocalBlobs(project.blobs, pipeline=project.name),
        rehearsal=project.rehearsal,
        keep_lock=keep_lock,
    )
    try:
        store.blobs.incoming.sweep()
        yield store
    finally:
        store.close()
    agreement = Agreement(project.journal)
    agreement.note(agreement.digest(store.lock_file), store.lock, store.submissions)
