"""NAME.lock: receipts for what was paid for, one sorted block per job, committed to git."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from runner.errors import StateError
from runner.jsonform import entry_from_json, entry_to_json
from runner.plan.fingerprint import fingerprint
from runner.records import Lock

if TYPE_CHECKING:
    from pathlib import Path

    from runner.records import Entry

VERSION = 1
MAX_BYTES = 64 << 20


def read_lock(path: Path, *, rehearsal: bool) -> Lock:
    """Return the lock at `path`, empty when there is none. Raises StateError when it is damaged or not of this kind."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return Lock(rehearsal=rehearsal)
    except OSError as error:
        raise StateError(f"cannot read {path}: {error.strerror}", help="check its permissions") from error
    if len(raw) > MAX_BYTES:
        raise _damaged(path, f"it is larger than {MAX_BYTES >> 20} MiB")
    try:
        lock = parse_lock(raw.decode())
    except (ValueError, RecursionError) as error:
        raise _damaged(path, str(error)) from error
    if lock.rehearsal != rehearsal:
        kind = "a rehearsal" if lock.rehearsal else "real results"
        raise StateError(f"{path} is a lock of {kind}", help="restore the right one with git, or move it away")
    return lock


def parse_lock(text: str) -> Lock:
    """Return the Lock that `text` holds. Raises ValueError saying what is wrong with it."""
    if any(text.startswith(mark) or f"\n{mark}" in text for mark in ("<<<<<<< ", ">>>>>>> ")):
        raise ValueError("it holds conflict markers of a merge: keep both sides' blocks, every block is a receipt")
    data = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    if not isinstance(data, dict) or data.get("version") != VERSION:
        raise ValueError(f"it does not say version {VERSION}")
    jobs = data.get("jobs")
    if not isinstance(jobs, dict) or set(data) - {"rehearsal"} != {"version", "jobs"}:
        raise ValueError("it must hold exactly `version` and `jobs`")
    entries = {}
    for job, block in jobs.items():
        try:
            entries[job] = _sound(entry_from_json(block))
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"the block of {job!r} is not an entry: {error}") from error
        if not _is_sound(entries[job]):
            raise ValueError(f"the block of {job!r} was changed: its request is not what its fingerprint says")
    return Lock(jobs=entries, rehearsal=data.get("rehearsal") is True)


def render_lock(lock: Lock) -> bytes:
    """Return the lock's text: UTF-8, sorted, one field a line, LF, a final newline."""
    data: dict[str, Any] = {
        "version": VERSION,
        "jobs": {job: entry_to_json(entry) for job, entry in lock.jobs.items()},
    }
    if lock.rehearsal:
        data["rehearsal"] = True
    return (json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _is_sound(entry: Entry) -> bool:
    """Say whether an entry still asks for what it was paid for."""
    own = fingerprint(entry.model, entry.request) == entry.fingerprint
    return own and (entry.pending is None or _is_sound(entry.pending))


def _sound(entry: Entry) -> Entry:
    """Return an entry whose paths stay in the pipeline's folder. Raises ValueError for another."""
    for path in (take.path for take in entry.takes if take.path is not None):
        parts = PurePosixPath(path).parts
        if not parts or path.startswith("/") or ".." in parts or "\0" in path:
            raise ValueError(f"the path {path!r} leads out of the folder")
    if entry.take < 1:
        raise ValueError("takes are counted from 1")
    return entry if entry.pending is None else replace(entry, pending=_sound(entry.pending))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        twice = next(name for name, _ in pairs if sum(name == other for other, _ in pairs) > 1)
        raise ValueError(f"{twice!r} stands in it twice")
    return data


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _damaged(path: Path, why: str) -> StateError:
    return StateError(
        f"the lock {path} cannot be read: {why}",
        help="it holds receipts, so nothing is made anew; restore it with git, or mend it",
    )
