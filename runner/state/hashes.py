"""What outputs and inputs hold, by hash. Large ones are read by several threads at once.

`HashMemory` keeps hashes in the state folder with the stamps of their files, so that a plan does not read again what did
not change, by the rule of `files.unchanged`.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from runner.state.files.atomic import write_atomic
from runner.state.files.folder import open_regular, read_regular
from runner.state.files.system import stamp_of, touch
from runner.state.files.unchanged import FileStamp  # noqa: TC001 - msgspec reads it

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

NAME = "output-hashes"
"""The file in a state folder."""
MAX_BYTES = 256 << 20
LARGE = 1 << 16
"""Smaller files are read one by one: to hand them to threads costs more than it saves."""
_THREADS = 8
_VERSION = 1


class _Kept(msgspec.Struct):
    version: int
    moment_ns: int
    files: dict[str, tuple[FileStamp, str]]


class HashMemory:
    """The hashes of the files below `root`, as far as they were hashed before. `folder` is the state folder, `name` a file in it."""

    def __init__(self, root: Path, folder: Path, *, name: str = NAME) -> None:
        self._root, self._file, self._clock = root, folder / name, folder / f"{name}.clock"

    def digests(
        self, names: Collection[str], *, keep: Callable[[str], bool] = lambda _name: True
    ) -> dict[str, str | None]:
        """Return name → SHA-256 of the regular file there in hex, None where there is none that can be read.

        `keep` is asked of each file that was read, by its name, whether its hash may be kept.
        """
        clock, held = self._clock_now(), self._held()
        known = {name: kept for name in names if (kept := held.get(name)) and kept[0] == self._stamp(name)}
        new = hashed(self._root, [name for name in names if name not in known])
        fit = {name for name, (_, sha256) in new.items() if sha256 and keep(name)}
        if clock is not None:
            device, moment = clock
            lasting = {
                name: (stamp, sha256)
                for name, (stamp, sha256) in new.items()
                if stamp and sha256 and name in fit and stamp.device == device and stamp.is_settled(moment)
            }
            self._keep(moment, known | lasting if lasting else {})
        return {name: sha256 for name, (_, sha256) in (known | new).items()}

    def _stamp(self, name: str) -> FileStamp | None:
        try:
            return stamp_of(os.lstat(f"{self._root}/{name}"))
        except OSError:
            return None

    def _clock_now(self) -> tuple[int, int] | None:
        """Return the device of the state folder, and the time in ns by the slower of two clocks; None when nothing can be kept."""
        try:
            now, found = time.time_ns(), touch(self._clock)
        except OSError:
            return None
        return found.st_dev, min(now, found.st_mtime_ns)

    def _held(self) -> dict[str, tuple[FileStamp, str]]:
        """Return the hashes that were kept; none of a file that is not what this program writes, or after the clock was set back."""
        try:
            kept = msgspec.json.decode(read_regular(self._file, limit=MAX_BYTES), type=_Kept)
        except (OSError, ValueError, RecursionError):
            return {}
        return kept.files if kept.version == _VERSION and time.time_ns() >= kept.moment_ns else {}

    def _keep(self, moment: int, files: dict[str, tuple[FileStamp, str]]) -> None:
        if files:
            data = msgspec.json.encode(_Kept(version=_VERSION, moment_ns=moment, files=files))
            with contextlib.suppress(OSError):  # it only saves time
                write_atomic(self._file, data, mode=0o600)


def digests(root: Path, names: Collection[str]) -> dict[str, str | None]:
    """Read all files, and return name → SHA-256 of the regular file there in hex, None where there is none that can be read."""
    return {name: sha256 for name, (_, sha256) in hashed(root, names).items()}


def hashed(root: Path, names: Collection[str]) -> dict[str, tuple[FileStamp | None, str | None]]:
    """Return name → the stamp and the SHA-256 of the file there; no stamp where it changed meanwhile, no hash without a file."""
    large = {name for name in names if _size(root, name) >= LARGE}
    found = dict(_hashed(root, name) for name in names if name not in large)
    if large:
        with ThreadPoolExecutor(min(_THREADS, os.cpu_count() or 1), thread_name_prefix="hash") as threads:
            found |= threads.map(partial(_hashed, root), large)
    return found


def _size(root: Path, name: str) -> int:
    try:
        return os.lstat(f"{root}/{name}").st_size
    except OSError:
        return 0


def _hashed(root: Path, name: str) -> tuple[str, tuple[FileStamp | None, str | None]]:
    file = open_regular(root / name)
    if file is None:
        return name, (None, None)
    with file:
        before = stamp_of(os.fstat(file.fileno()))
        try:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            return name, (None, None)
        after = stamp_of(os.fstat(file.fileno()))
    return name, (before if before == after else None, sha256)
