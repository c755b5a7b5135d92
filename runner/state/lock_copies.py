"""Copies of one lock, from git's stages, from a file with conflict markers or from several machines, as one lock."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from runner.errors import StateError
from runner.state.files.atomic import write_atomic
from runner.state.lock_parsing import parse_lock
from runner.state.lock_rules import join
from runner.state.lock_text import readable
from runner.state.lockfile import is_conflicted

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from runner.records.lock import Lock

_HELP = "restore it with git or fix it by hand; nothing was written"


def parse_copy(name: str, data: bytes) -> Lock | None:
    """Return the lock that `data` holds, both sides joined where it has conflict markers; None when it is empty.

    Raises StateError that begins with `name` when it is damaged.
    """
    try:
        if not is_conflicted(data):
            return parse_lock(data) if data.strip() else None
        ours, theirs = sides(data.decode())
    except (ValueError, RecursionError) as error:
        raise StateError(f"{name} cannot be read: {error}", help=_HELP) from error
    return join_copies(read_copies({f"{name} (ours)": ours.encode(), f"{name} (theirs)": theirs.encode()}))


def read_copies(found: Mapping[str, bytes]) -> dict[str, Lock]:
    """Return the lock of each that is not empty, by its name. Raises StateError naming the one that is damaged."""
    read = {name: parse_copy(name, data) for name, data in found.items()}
    return {name: lock for name, lock in read.items() if lock is not None}


def join_copies(copies: Mapping[str, Lock]) -> Lock | None:
    """Return what all copies know; None without any. Raises StateError when some are of a rehearsal and some are not."""
    rehearsals = [name for name, lock in copies.items() if lock.rehearsal]
    real = [name for name, lock in copies.items() if not lock.rehearsal]
    if rehearsals and real:
        raise StateError(
            f"{rehearsals[0]} is a lock of a rehearsal, and {real[0]} of real results",
            help="join locks of one kind; nothing was written",
        )
    return reduce(join, copies.values()) if copies else None


def sides(text: str) -> tuple[str, str]:
    """Return our whole text and theirs of a text with conflict markers. Raises ValueError when they are not in order."""
    ours: list[str] = []
    theirs: list[str] = []
    part = "both"
    # Only LF ends a line: a JSON text may hold the other line breaks as they are.
    for number, line in enumerate(text.split("\n"), start=1):
        after = _after(part, line.rstrip("\r"))
        if after is None:
            raise ValueError(f"line {number}: its conflict markers are not in order")
        if after != part:
            part = after
            continue
        if part in ("both", "ours"):
            ours.append(line)
        if part in ("both", "theirs"):
            theirs.append(line)
    if part != "both":
        raise ValueError("its last conflict has no end")
    return "\n".join(ours), "\n".join(theirs)


def _after(part: str, line: str) -> str | None:
    """Return the part that begins with a line, the same where it is no marker; None where this marker has no place."""
    if line.startswith("<<<<<<< "):
        return "ours" if part == "both" else None
    if line.startswith("|||||||") and not line.startswith("||||||||"):
        return "base" if part == "ours" else None
    if line == "=======":
        return "theirs" if part in ("ours", "base") else None
    if line.startswith(">>>>>>> "):
        return "both" if part == "theirs" else None
    return part


def write_lock(path: Path, lock: Lock) -> None:
    """Write a lock over whatever is at `path`. Raises StateError when it could not be read again."""
    write_atomic(path, readable(path, lock))
