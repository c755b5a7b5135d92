"""Files of tests in memory, where the machine has room for them there: a disk would be written to for nothing."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

MEMORY = Path("/dev/shm")
ROOM_BYTES = 4 << 30


def folder_in_memory() -> Path | None:
    """Return a folder for temporary files that is in memory, or None where it is small, or no command may be run from it."""
    if not os.access(MEMORY, os.W_OK | os.X_OK) or shutil.disk_usage(MEMORY).free < ROOM_BYTES:
        return None
    return None if os.statvfs(MEMORY).f_flag & os.ST_NOEXEC else MEMORY
