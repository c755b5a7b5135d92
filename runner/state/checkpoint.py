"""A second record of the journal: how many rows it had after the last durable write, and their chained checksum.

SQLite reads a truncated write-ahead log, or an empty file, as an earlier state of the database and reports no error.
The checkpoint is written after the journal, so an intact journal has at least as many rows as the checkpoint says.
"""

from __future__ import annotations

import errno
import os
from functools import partial
from typing import TYPE_CHECKING

from runner.state.files import system
from runner.state.files.folder import read_regular

if TYPE_CHECKING:
    from io import FileIO
    from pathlib import Path

MAX_BYTES = 256 << 20
"""Three million lines."""


class Checkpoint:
    """The last line of a file beside the journal: `COUNT SUM`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: FileIO | None = None

    def read(self) -> tuple[int, str]:
        """Return the count of rows and their sum, (0, "") when there is none. Raises ValueError when it is damaged.

        A last line without a newline was being written when the power failed: the line before it counts.
        """
        try:
            lines = read_regular(self._path, limit=MAX_BYTES).decode("ascii").split("\n")
        except FileNotFoundError:
            return 0, ""
        whole = lines[:-1]
        if not whole:
            return 0, ""
        count, _, total = whole[-1].partition(" ")
        if not count.isdecimal() or len(total) != 64 or set(total) - set("0123456789abcdef"):
            raise ValueError("its checkpoint cannot be read")
        return int(count), total

    def write(self, count: int, total: str) -> None:
        """Append the journal's present count and checksum, durably. The file stays open until `close`."""
        line = f"{count} {total}\n".encode()
        if self._file is None:
            opener = partial(os.open, mode=0o600)
            self._file = open(self._path, "ab+", buffering=0, opener=opener)  # noqa: SIM115 - it stays open
            size = self._file.seek(0, os.SEEK_END)
            self._file.seek(max(0, size - 1))
            if self._file.read(1) not in (b"", b"\n"):  # a line was torn when the power failed
                line = b"\n" + line
        try:
            if self._file.write(line) != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._path))
            system.sync_data(self._file.fileno())
        except OSError:
            self.close()  # the next write looks again what is there
            raise

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None
