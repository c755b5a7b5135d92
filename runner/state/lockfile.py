"""NAME.lock: every paid submission, one sorted block per job, committed to git."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from runner.errors import StateError
from runner.records.lock import Lock
from runner.state.files.folder import read_regular
from runner.state.files.processes import without_collecting

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from runner.records.request import Request

MAX_BYTES = 64 << 20
BLOCK_BYTES = 1024
"""What a submission holds beside its request, and each of its takes: counted when there must be room for them."""
MARKERS = (b"<<<<<<< ", b">>>>>>> ")
"""How the lines begin that git writes where it could not merge two sides."""


def read_lock(path: Path, *, rehearsal: bool) -> Lock:
    """Return the lock at `path`, empty when there is none. Raises StateError when it is damaged or not of this kind."""
    return understood(path, read_bytes(path), rehearsal=rehearsal)


def read_bytes(path: Path) -> bytes | None:
    """Return what is in the file, None when there is none. Raises StateError when it cannot be read."""
    try:
        return read_regular(path, limit=MAX_BYTES)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StateError(f"cannot read {path}: {error.strerror}", help="check its permissions") from error
    except ValueError as error:
        raise _damaged(path, str(error)) from error


def understood(path: Path, data: bytes | None, *, rehearsal: bool) -> Lock:
    """Return the lock that was read from `path`, empty without one. Raises StateError when it is damaged or not of this kind."""
    if data is None:
        return Lock(rehearsal=rehearsal)
    try:
        if is_conflicted(data):
            raise StateError(
                f"the lock {path} contains git's conflict markers",
                help=f"scorefile merge {shlex.quote(str(path))} joins both sides without loss",
            )
        from runner.state.lock_parsing import parse_lock

        with without_collecting():
            lock = parse_lock(data)
    except (ValueError, RecursionError) as error:
        raise _damaged(path, str(error)) from error
    if lock.rehearsal != rehearsal:
        kind = "a rehearsal" if lock.rehearsal else "real results"
        raise StateError(f"{path} is a lock of {kind}", help="restore the right one with git, or move it away")
    return lock


def is_conflicted(text: bytes) -> bool:
    """Say whether git left its conflict markers in a text."""
    return any(text.startswith(mark) or b"\n" + mark in text for mark in MARKERS)


def refuse_too_large(path: Path, requests: Iterable[Request]) -> None:
    """Raise StateError when the lock at `path` has no room for the results of these requests."""
    held = path.stat().st_size if path.exists() else 0
    needed = sum(_room_for(request) for request in requests)
    if held + needed > MAX_BYTES:
        raise StateError(
            f"the lock {path} would hold {(held + needed) / (1 << 20):.1f} MiB, and at most {MAX_BYTES >> 20} MiB can be read",
            help="nothing was sent; shorten the texts, or divide the pipeline among several files",
        )


def _room_for(request: Request) -> int:
    """Return how many bytes of the lock the result of a request takes at most."""
    import msgspec

    text = msgspec.json.format(msgspec.json.encode(request.params), indent=1)
    return len(text) + BLOCK_BYTES * (1 + request.takes)


def _damaged(path: Path, why: str) -> StateError:
    return StateError(
        f"the lock {path} cannot be read: {why}",
        help="restore it with git or fix it by hand; until then nothing is generated, because it holds receipts",
    )
