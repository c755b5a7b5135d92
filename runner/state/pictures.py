"""What was worked out of a take to be looked at, kept by the take's hash: only time is lost with it."""

from __future__ import annotations

import contextlib
import hashlib
from typing import TYPE_CHECKING

from runner.state.files.atomic import temporary_name
from runner.state.files.folder import read_regular

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = "pictures"
"""Beside the store."""
_VERSION = 1
_MOST_BYTES = 64 << 20


class Pictures:
    """Files of one kind, SHA256.KIND, each with the version of its form and its own checksum."""

    def __init__(self, folder: Path, kind: str) -> None:
        self._folder, self._kind = folder, kind

    def read(self, sha256: str) -> bytes | None:
        """Return what is kept for a take; None for what is missing, damaged or of another version."""
        try:
            data = read_regular(self._path(sha256), limit=_MOST_BYTES)
        except (OSError, ValueError):
            return None
        head, _, body = data.partition(b"\n")
        return body if head == _head(body) else None

    def keep(self, sha256: str, body: bytes) -> None:
        """Keep something for a take. A disk that does not take it costs only time."""
        path = self._path(sha256)
        part = path.with_name(temporary_name(path.name))
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            part.unlink(missing_ok=True)
            with part.open("xb") as file:  # not synced: what a power failure damages is made again
                file.write(_head(body) + b"\n" + body)
            part.replace(path)

    def _path(self, sha256: str) -> Path:
        return self._folder / f"{sha256}.{self._kind}"


def _head(body: bytes) -> bytes:
    return f"scorefile {_VERSION} {hashlib.sha256(body).hexdigest()}".encode()
