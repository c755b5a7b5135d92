"""A second record of the journal: how many rows it had after the last durable write, and their chained checksum.

SQLite reads a truncated write-ahead log, or an empty file, as an earlier state of the database and reports no error.
The checkpoint is written after the journal, so an intact journal has at least as many rows as the checkpoint says.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from runner.state.files import system
from runner.state.files.folder import read_regular

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 256 << 20
"""Three million lines."""


class Checkpoint:
    """The last line of a file beside the journal: `COUNT SUM`."""

    def __init__(self, path: Path) -> None:
        self._path = path

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
        """Append the journal's present count and checksum, durably."""
        with open(self._path, "ab+", buffering=0, opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 1))
            torn = file.read(1) not in (b"", b"\n")
            file.write((b"\n" if torn else b"") + f"{count} {total}\n".encode())
            system.sync_data(file.fileno())
