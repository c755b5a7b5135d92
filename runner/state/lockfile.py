"""NAME.lock: receipts for what was paid for, one sorted block per job, committed to git.

Each block has a checksum of itself in its receipt, so that a flipped bit in an id is found before a provider is asked for
another job. Because it is inside the block, a merge that keeps the blocks of both sides keeps both checksums valid. A
block without one, for example after a repair by hand, is checked by its fields alone and gets one at the next write.
"""

from __future__ import annotations

import hashlib
import json
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from runner.errors import StateError
from runner.plan.fingerprint import fingerprint
from runner.records.lock import Lock, entry_from_json, entry_to_json
from runner.state.files.folder import read_regular
from runner.state.lock_validation import check_entry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from runner.records.lock import Entry
    from runner.records.request import Request

VERSION = 1
MAX_BYTES = 64 << 20
BLOCK_BYTES = 1024
"""What a block holds beside its request, and each of its takes: counted when there must be room for them."""
_SUM_DIGITS = 16
"""Enough against accidents; it is no protection against a change on purpose."""


def read_lock(path: Path, *, rehearsal: bool) -> Lock:
    """Return the lock at `path`, empty when there is none. Raises StateError when it is damaged or not of this kind."""
    try:
        lock = parse_lock(read_regular(path, limit=MAX_BYTES).decode())
    except FileNotFoundError:
        return Lock(rehearsal=rehearsal)
    except OSError as error:
        raise StateError(f"cannot read {path}: {error.strerror}", help="check its permissions") from error
    except (ValueError, RecursionError) as error:
        raise _damaged(path, str(error)) from error
    if lock.rehearsal != rehearsal:
        kind = "a rehearsal" if lock.rehearsal else "real results"
        raise StateError(f"{path} is a lock of {kind}", help="restore the right one with git, or move it away")
    return lock


def parse_lock(text: str) -> Lock:
    """Return the Lock that `text` holds. Raises ValueError saying what is wrong with it."""
    if any(text.startswith(mark) or f"\n{mark}" in text for mark in ("<<<<<<< ", ">>>>>>> ")):
        raise ValueError(
            "it contains merge conflict markers: keep the blocks of both sides, because every block is a receipt"
        )
    data = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    version = data.get("version") if isinstance(data, dict) else None
    if not isinstance(version, int) or version not in READERS:
        raise ValueError(f"unsupported version {version} (expected {VERSION})")
    return READERS[version](data)


def _read_version_1(data: Mapping[str, Any]) -> Lock:
    jobs = data.get("jobs")
    if not isinstance(jobs, dict) or set(data) - {"rehearsal"} != {"version", "jobs"}:
        raise ValueError("it must hold exactly `version` and `jobs`")
    entries = {}
    for job, block in jobs.items():
        try:
            bare, recorded = _without_sum(block)
            entries[job] = check_entry(entry_from_json(bare))
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise ValueError(f"the block of {job!r} is not a valid entry: {error}") from error
        if not _is_sound(entries[job]):
            raise ValueError(f"the block of {job!r} was changed: its request does not match its fingerprint")
        if recorded is not None and recorded != _sum(bare):
            why = "its checksum does not match; remove the line `sum` if the change was made on purpose"
            raise ValueError(f"the block of {job!r} was changed: {why}")
    return Lock(jobs=entries, rehearsal=data.get("rehearsal") is True)


READERS: Mapping[int, Callable[[Mapping[str, Any]], Lock]] = MappingProxyType({1: _read_version_1})
"""How the lock of each version is read. Only the newest is written."""


def render_lock(lock: Lock) -> bytes:
    """Return the lock's text: UTF-8, sorted, one field a line, LF, a final newline."""
    data: dict[str, Any] = {
        "version": VERSION,
        "jobs": {job: _with_sum(entry_to_json(entry)) for job, entry in lock.jobs.items()},
    }
    if lock.rehearsal:
        data["rehearsal"] = True
    return (json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n").encode()


def readable(path: Path, lock: Lock) -> bytes:
    """Return the lock's text, which was read again. Raises StateError when it would be refused at `path`."""
    data = render_lock(lock)
    try:
        if len(data) > MAX_BYTES:
            raise ValueError(f"it is larger than {MAX_BYTES >> 20} MiB")
        parse_lock(data.decode())
    except (ValueError, RecursionError) as error:
        raise StateError(
            f"the lock {path} was not written, since it could not be read again: {error}",
            help="the journal holds every receipt; keep .scorefile",
        ) from error
    return data


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
    return len(json.dumps(dict(request.params), ensure_ascii=False, indent=1).encode()) + BLOCK_BYTES * (
        1 + request.takes
    )


def _is_sound(entry: Entry) -> bool:
    """Return whether an entry still has the request that was paid for."""
    own = fingerprint(entry.model, entry.request) == entry.fingerprint
    return own and all(inner is None or _is_sound(inner) for inner in (entry.pending, entry.paid))


def _with_sum(block: dict[str, Any]) -> dict[str, Any]:
    return {**block, "receipt": {**block["receipt"], "sum": _sum(block)}}


def _without_sum(block: Any) -> tuple[Any, Any]:
    """Return a block as it was before its checksum came into it, and the checksum; None where there is none."""
    receipt = block["receipt"] if isinstance(block, dict) else None
    if not isinstance(receipt, dict) or "sum" not in receipt:
        return block, None
    bare = {**block, "receipt": {name: value for name, value in receipt.items() if name != "sum"}}
    return bare, receipt["sum"] or ""


def _sum(block: dict[str, Any]) -> str:
    text = json.dumps(block, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_SUM_DIGITS]


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        twice = next(name for name, _ in pairs if sum(name == other for other, _ in pairs) > 1)
        raise ValueError(f"duplicate key {twice!r}")
    return data


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _damaged(path: Path, why: str) -> StateError:
    return StateError(
        f"the lock {path} cannot be read: {why}",
        help="restore it with git or fix it by hand; until then nothing is generated, because it holds receipts",
    )
