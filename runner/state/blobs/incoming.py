"""Downloads in progress, and the quarantine of those that failed a check."""

from __future__ import annotations

import hashlib
import itertools
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_MARK_DIGITS = 12
"""Of a pipeline's name, which may be too long to be in a file's name itself."""


class Incoming:
    """Files beside a local store, or before a remote one.

    Several pipelines share a folder; `pipeline` names the one whose downloads these are.
    """

    def __init__(self, folder: Path, *, pipeline: str = "") -> None:
        self._parts, self._quarantine = folder / "incoming", folder / "quarantine"
        self._notes = folder / "finished"
        self._mark = hashlib.sha256(pipeline.encode("utf-8", "surrogateescape")).hexdigest()[:_MARK_DIGITS]
        self._names = map("{}-{}".format, itertools.repeat(secrets.token_hex(12)), itertools.count())

    def part(self) -> Path:
        """Return a fresh path for a download."""
        if not self._parts.is_dir():
            self._parts.mkdir(parents=True, exist_ok=True)
        return self._parts / f"{self._mark}-{next(self._names)}"

    def quarantine(self, path: Path, name: str) -> Path:
        """Move a file to the quarantine, where it is not used as a take, and return its path. Raises FileNotFoundError."""
        target = self._quarantine / name
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)
        return target

    def note_finished(self, sha256: str) -> None:
        """Note that a blob is a finished file, made of a take: where nothing names it any more it can be made again, for nothing."""
        self._notes.parent.mkdir(parents=True, exist_ok=True)
        with self._notes.open("a", encoding="ascii") as file:
            file.write(f"{sha256}\n")

    def finished(self) -> frozenset[str]:
        """Return all blobs that were noted as finished files."""
        try:
            return frozenset(self._notes.read_text(encoding="ascii", errors="replace").split())
        except FileNotFoundError:
            return frozenset()

    def sweep(self) -> None:
        """Remove this pipeline's unfinished downloads. Only the holder of its run lock may call this."""
        for part in self._parts.glob(f"{self._mark}-*"):
            part.unlink(missing_ok=True)
