"""The outputs of one pipeline: takes are copied to their paths, and outputs at old paths are removed."""

from __future__ import annotations

import contextlib
import shutil
from typing import TYPE_CHECKING

from runner.errors import StateError
from runner.state.blobs.protocol import TakeMissing, save_copy
from runner.state.files.folder import digest, read_regular
from runner.state.files.placing import OtherBytes, place, remove_owned
from runner.state.files.system import release_memory
from runner.state.finding import is_too_high, levels_above

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from typing import BinaryIO

    from runner.state.blobs.protocol import Blobs

_CHUNK = 1 << 20
POINTER = b"version https://git-lfs.github.com/spec/"
"""How each pointer of Git LFS begins."""
_POINTER_BYTES = 1024
"""No pointer is longer, says the specification of Git LFS."""


def is_lfs_pointer(path: Path) -> bool:
    """Say whether Git LFS left a pointer here in place of a file."""
    try:
        return read_regular(path, limit=_POINTER_BYTES).startswith(POINTER)
    except (OSError, ValueError):
        return False


class Outputs:
    """Files below `root`. A file is replaced or removed only when the store holds the same bytes."""

    def __init__(self, root: Path, blobs: Blobs) -> None:
        self._root, self._blobs = root, blobs
        self._levels = levels_above(root)

    def put(self, sha256: str, output: str, *, previous: str | None, mine: frozenset[str]) -> None:
        """Copy a take from the store, or from the output where it was, to `output`.

        `mine` holds the hashes that this job made: such a file at `output` is saved in the store first. Raises
        TakeMissing when the take is nowhere, StateError when another file is at `output`, or it leaves the git work tree.
        """
        if is_too_high(output, self._levels):
            raise StateError(f"{output} is outside of the git work tree", help="write an output inside it")
        with contextlib.suppress(TakeMissing, OtherBytes), self._blobs.open(sha256) as reader:
            place(reader, sha256, self._root, output, owned=self._replaceable(output, mine))
            # One copy in memory is enough, and on a virtual machine the next take then needs no new memory of its host.
            release_memory(reader)
            return
        with self._source(sha256, previous, output) as reader:
            place(reader, sha256, self._root, output, owned=self._replaceable(output, mine))

    def copy(self, sha256: str, outputs: Iterable[str], target: Path) -> None:
        """Copy a take from the store, or from one of these outputs, to a file. Raises TakeMissing when it is nowhere."""
        with self._source(sha256, *outputs) as reader, target.open("wb") as writer:
            shutil.copyfileobj(reader, writer, _CHUNK)

    def stored(self, paths: Iterable[str]) -> dict[str, str]:
        """Return path → hash of those outputs whose bytes the store holds, too; nothing outside of the git work tree."""
        found = {path: digest(self._root / path) for path in paths if not is_too_high(path, self._levels)}
        return {path: sha256 for path, sha256 in found.items() if sha256 is not None and self._has(sha256)}

    def remove(self, stale: Mapping[str, str]) -> None:
        """Remove outputs that still have the hash that `stored` saw there."""
        for path, sha256 in stale.items():
            remove_owned(self._root, path, owned=frozenset({sha256}))

    def _source(self, sha256: str, *outputs: str | None) -> BinaryIO:
        """Open a verified take in the store; one that is only at an output is saved there first."""
        if not self._has(sha256):
            near = (path for path in outputs if path and not is_too_high(path, self._levels))
            path = next((path for path in near if digest(self._root / path) == sha256), None)
            if path is not None:
                with contextlib.suppress(TakeMissing, FileNotFoundError):
                    save_copy(self._blobs, self._root / path, sha256)
            # Another job may have replaced that output meanwhile: it has saved what was there.
            if not self._has(sha256):
                raise TakeMissing(sha256)
        return self._blobs.open(sha256)

    def _has(self, sha256: str) -> bool:
        """Return whether the store holds a take; a corrupted one is moved to quarantine, so that it can be saved again."""
        if sha256 not in self._blobs:
            return False  # before it is checked: what another thread saves meanwhile is not corrupted
        if self._blobs.check(sha256):
            return True
        self._blobs.set_aside(sha256)
        return False

    def _replaceable(self, output: str, mine: frozenset[str]) -> frozenset[str]:
        """Return the hash of the file at `output` if it may be replaced: the store holds the same bytes.

        In a fresh checkout only the lock knows the audio, so a take of this job is saved first.
        """
        found = digest(self._root / output)
        if found is None:
            return frozenset()
        if not self._has(found):
            if found not in mine:
                return frozenset()
            save_copy(self._blobs, self._root / output, found)
        return frozenset({found})
