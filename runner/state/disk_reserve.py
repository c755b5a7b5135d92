"""Disk space kept for receipts: freed when the disk is full and a receipt has to be written."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from runner.state.files import system

if TYPE_CHECKING:
    from pathlib import Path

RESERVE_BYTES = 1 << 20


class DiskReserve:
    """One file of RESERVE_BYTES."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def set_aside(self) -> None:
        """Allocate the file if it is missing; a full disk gets none."""
        if self._path.exists():
            return
        with contextlib.suppress(OSError), self._path.open("wb") as file:
            system.allocate(file.fileno(), RESERVE_BYTES)

    def give_up(self) -> None:
        """Free its space."""
        self._path.unlink(missing_ok=True)
