"""The interface of a store of takes: few methods, as restic's backends have, so that another store can implement them.

No method returns a path, because a remote store has none. Stores compose: one may read from another what it lacks.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Protocol

from runner.errors import StateError
from runner.state.files.folder import copied

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

    from runner.state.blobs.incoming import Incoming


class TakeMissing(StateError):
    """Neither the store nor an output has a take, or the stored one was corrupted and is in quarantine."""

    def __init__(self, sha256: str) -> None:
        super().__init__(
            f"take {sha256[:12]}… is missing from the store or corrupted",
            help="run again to fetch it from its provider once more, free",
        )
        self.sha256 = sha256


class Blobs(Protocol):
    """Takes by the SHA-256 of their bytes. A blob is written once and never changed."""

    @property
    def incoming(self) -> Incoming:
        """Where downloads in progress are: on this machine, wherever the store is."""

    def __contains__(self, sha256: object) -> bool:
        """Return whether a blob exists, whatever its content."""

    def check(self, sha256: str) -> bool:
        """Read a blob and return whether it exists and matches its hash."""

    def open(self, sha256: str) -> BinaryIO:
        """Open a blob for reading. Raises TakeMissing."""

    def save(self, part: Path, sha256: str) -> None:
        """Take over a finished file of `incoming` whose hash is known, durably."""

    def set_aside(self, sha256: str) -> None:
        """Move a blob that does not match its hash from the store to quarantine."""

    def list(self) -> Iterator[str]:
        """Yield the hash of every blob, sorted."""


def save_copy(blobs: Blobs, path: Path, sha256: str) -> None:
    """Save a copy of a file outside the store. Raises TakeMissing when it is not that take."""
    part = blobs.incoming.part()
    try:
        with path.open("rb") as reader, part.open("xb") as writer:
            found = copied(reader, writer)
        if found != sha256:
            raise TakeMissing(sha256)
        blobs.save(part, sha256)
    finally:
        part.unlink(missing_ok=True)


def save_bytes(blobs: Blobs, data: bytes) -> str:
    """Save bytes and return their SHA-256."""
    part, sha256 = blobs.incoming.part(), hashlib.sha256(data).hexdigest()
    try:
        part.write_bytes(data)
        blobs.save(part, sha256)
    finally:
        part.unlink(missing_ok=True)
    return sha256


def corrupted(blobs: Blobs) -> tuple[str, ...]:
    """Return the hashes of the blobs that do not match them."""
    return tuple(sha256 for sha256 in blobs.list() if not blobs.check(sha256))
