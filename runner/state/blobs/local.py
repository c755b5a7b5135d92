"""The store of takes in a folder of this machine."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from runner.state.blobs.incoming import Incoming
from runner.state.blobs.protocol import TakeMissing
from runner.state.files import system
from runner.state.files.folder import digest, open_regular

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

_HEX = 64


class LocalBlobs:
    """Blobs as read-only files, two levels deep."""

    def __init__(self, folder: Path, pipeline: str = "") -> None:
        self._folder, self._pipeline = folder, pipeline
        self._incoming = Incoming(folder, pipeline=pipeline)

    def __reduce__(self) -> tuple[type[LocalBlobs], tuple[Path, str]]:
        """Be opened again in another process, which names its own unfinished downloads."""
        return LocalBlobs, (self._folder, self._pipeline)

    @property
    def incoming(self) -> Incoming:
        return self._incoming

    def __contains__(self, sha256: object) -> bool:
        if not isinstance(sha256, str):
            return False
        path = self._path(sha256)
        return path.is_file() and not path.is_symlink()

    def file(self, sha256: str) -> Path | None:
        """Return where a blob is, for a program that plays it; None when it is not here."""
        return self._path(sha256) if sha256 in self else None

    def check(self, sha256: str) -> bool:
        return digest(self._path(sha256)) == sha256

    def open(self, sha256: str) -> BinaryIO:
        file = open_regular(self._path(sha256))
        if file is None:
            raise TakeMissing(sha256)
        return file

    def save(self, part: Path, sha256: str) -> None:
        target = self._path(sha256)
        if not target.parent.is_dir():
            target.parent.mkdir(parents=True, exist_ok=True)
        with part.open("rb+", buffering=0) as file:
            system.sync_file(file.fileno())
        system.make_read_only(part)
        system.replace(part, target)
        system.sync_folder(target.parent)

    def set_aside(self, sha256: str) -> None:
        # Another pipeline of the folder may be setting it aside at this moment.
        with contextlib.suppress(FileNotFoundError):
            self._incoming.quarantine(self._path(sha256), f"{sha256}.damaged")

    def list(self) -> Iterator[str]:
        yield from sorted(path.name for path in self._folder.glob("??/*") if len(path.name) == _HEX)

    def _path(self, sha256: str) -> Path:
        return self._folder / sha256[:2] / sha256
