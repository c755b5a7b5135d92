"""Files replaced whole."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from runner.state.files import system

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def write_atomic(path: Path, data: bytes, *, mode: int = 0o644, unless: Callable[[], bool] = lambda: False) -> bool:
    """Write `data` so that a reader, or a crash, sees the old file or the new one, and return whether it was written.

    `unless` is asked at the last moment, when all is on disk but the name: then the file stays as it is. A link at `path`
    is replaced, and never written through. `mode` has no meaning on Windows.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(temporary_name(path.name))
    temporary.unlink(missing_ok=True)
    try:
        with open(temporary, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            file.write(data)
            file.flush()
            system.sync_file(file.fileno())
        if unless():
            temporary.unlink()
            return False
        system.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    system.sync_folder(path.parent)
    return True


def remove_temporary(path: Path) -> None:
    """Remove what a killed run left of a file that it wrote to `path`."""
    path.with_name(temporary_name(path.name)).unlink(missing_ok=True)


def append_line(path: Path, line: str) -> None:
    """Add a line to a text file unless it is there."""
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    if line in before.split("\n"):
        return
    gap = "" if not before or before.endswith("\n") else "\n"
    write_atomic(path, f"{before}{gap}{line}\n".encode())


def temporary_name(name: str) -> str:
    """Return the one name under which a file is written before it gets its own: a file that a killed run left is overwritten."""
    return f".{name[:100]}.scorefile.tmp"
