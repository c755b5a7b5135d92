"""The content-addressed store: every take that was ever paid for, by the hash of its bytes."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

from runner.state.files import digest, sync_folder

if TYPE_CHECKING:
    from pathlib import Path

_HEX = 64


class Blobs:
    """Takes by SHA-256 under one folder. A blob is written once, read-only, and never changed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, sha256: str) -> Path:
        """Return where the blob of this hash stands, whether it is there or not."""
        return self._folder / sha256[:2] / sha256

    def __contains__(self, sha256: object) -> bool:
        """Say whether the blob is there; its content is checked when it is used."""
        return isinstance(sha256, str) and self.path(sha256).is_file()

    def part(self) -> Path:
        """Return a fresh path on the same filesystem for a download in progress."""
        incoming = self._folder / "incoming"
        incoming.mkdir(parents=True, exist_ok=True)
        return incoming / secrets.token_hex(12)

    def adopt(self, part: Path, sha256: str) -> Path:
        """Move a finished, verified file in under its hash, durably."""
        target = self.path(sha256)
        target.parent.mkdir(parents=True, exist_ok=True)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.chmod(0o444)
        part.replace(target)
        sync_folder(target.parent)
        return target

    def sweep(self) -> None:
        """Remove downloads that a killed run left unfinished. Only the holder of the run lock may call this."""
        for part in (self._folder / "incoming").glob("*"):
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
