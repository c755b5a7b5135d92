"""The content-addressed store: every take that was ever paid for, by the hash of its bytes."""

from __future__ import annotations

import contextlib
import hashlib
import secrets
from typing import TYPE_CHECKING

from runner.errors import StateError
from runner.state.files import digest, system

if TYPE_CHECKING:
    from pathlib import Path

_CHUNK = 1 << 20
_HEX = 64
_MARK_DIGITS = 12
"""Of a pipeline's name, which may be too long to stand in a file's name itself."""


class TakeMissing(StateError):
    """Neither the store nor an output holds a take, or what the store held was damaged and is set aside."""

    def __init__(self, sha256: str) -> None:
        super().__init__(
            f"its take {sha256[:12]}… is in the store no more, or was damaged there",
            help="run again: its vendor is asked for it once more, at no cost",
        )
        self.sha256 = sha256


class Blobs:
    """Takes by SHA-256 under one folder. A blob is written once, read-only, and never changed.

    Several pipelines share a store; `pipeline` names the one whose downloads in progress these are.
    """

    def __init__(self, folder: Path, *, pipeline: str = "") -> None:
        self._folder = folder
        self._incoming = folder / "incoming"
        self._mark = hashlib.sha256(pipeline.encode("utf-8", "surrogateescape")).hexdigest()[:_MARK_DIGITS]

    def path(self, sha256: str) -> Path:
        """Return where the blob of this hash stands, whether it is there or not."""
        return self._folder / sha256[:2] / sha256

    def __contains__(self, sha256: object) -> bool:
        """Say whether the blob is there; its content is checked when it is used."""
        return isinstance(sha256, str) and self.path(sha256).is_file()

    def part(self) -> Path:
        """Return a fresh path on the same filesystem for a download in progress."""
        self._incoming.mkdir(parents=True, exist_ok=True)
        return self._incoming / f"{self._mark}-{secrets.token_hex(12)}"

    def adopt(self, part: Path, sha256: str) -> Path:
        """Move a finished, verified file in under its hash, durably."""
        target = self.path(sha256)
        target.parent.mkdir(parents=True, exist_ok=True)
        with part.open("rb+") as file:
            system.sync_file(file.fileno())
        system.make_read_only(part)
        system.replace(part, target)
        system.sync_folder(target.parent)
        return target

    def sound(self, sha256: str) -> bool:
        """Say whether the blob is there and is what its name says; a damaged one is set aside, so it is not there."""
        path = self.path(sha256)
        found = digest(path)
        if found is not None and found != sha256:
            aside = self._folder / "quarantine" / f"{sha256}.damaged"
            aside.parent.mkdir(parents=True, exist_ok=True)
            # Another pipeline of the folder may be setting it aside at this moment.
            with contextlib.suppress(FileNotFoundError):
                path.replace(aside)
        return found == sha256

    def keep(self, path: Path, sha256: str) -> Path:
        """Take a copy of a file that stands elsewhere into the store. Raises TakeMissing when it is not that take."""
        part, found = self.part(), hashlib.sha256()
        try:
            with path.open("rb") as reader, part.open("xb") as writer:
                while chunk := reader.read(_CHUNK):
                    found.update(chunk)
                    writer.write(chunk)
            if found.hexdigest() != sha256:
                raise TakeMissing(sha256)
            return self.adopt(part, sha256)
        finally:
            part.unlink(missing_ok=True)

    def sweep(self) -> None:
        """Remove this pipeline's unfinished downloads. Only the holder of its run lock may call this."""
        for part in self._incoming.glob(f"{self._mark}-*"):
            part.unlink(missing_ok=True)

    def quarantine(self, part: Path, sha256: str) -> Path:
        """Keep a download that is not what was promised, where nothing takes it for a take."""
        target = self._folder / "quarantine" / sha256
        target.parent.mkdir(parents=True, exist_ok=True)
        part.replace(target)
        return target

    def damaged(self) -> tuple[str, ...]:
        """Return the hashes under which the store holds something else."""
        blobs = sorted(path for path in self._folder.glob("??/*") if len(path.name) == _HEX)
        return tuple(path.name for path in blobs if digest(path) != path.name)
