"""The text of NAME.lock, one sorted block per job: what did not change is written as the file has it."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from runner.errors import StateError
from runner.records.lock import Entry, Lock
from runner.records.lock_json import approval_to_json, entry_to_json, pick_to_json, rating_to_json
from runner.state.lock_checksums import checksum, compact
from runner.state.lock_parsing import VERSION, job_names, parse_lock
from runner.state.lock_validation import check_fingerprint
from runner.state.lockfile import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from runner.records.approval import Approval
    from runner.records.pick import Pick
    from runner.records.rating import Rating

    _Parts: TypeAlias = tuple[Entry | Pick | Approval | Rating, ...]

_LINE, _END = b"\n  ", b"\n  }"
"""What is before the name of a job, and how its block ends."""
_ATTEMPT, _SUM = b'\n     "attempt": "', b'\n     "sum": "'
"""How two fields begin that each submission has."""
_HEAD, _TAIL = b' "jobs": {', b'\n "version": %d\n}\n' % VERSION
"""What is before the blocks, and how a lock ends."""


def render_lock(lock: Lock) -> bytes:
    """Return the lock's text: UTF-8, sorted, one field a line, LF, a final newline.

    Of results that were made here for free only those still in use are in it (`Lock.written`).
    """
    return _text([_block(lock, job) for job in _jobs(lock)], lock)


class LockText:
    """The text of a lock that grows: a block that did not change is neither rendered nor checked again.

    `read` is the lock as it was read from its file: what is in it can be read again. `text` is what the file held: blocks of
    it that did not change are written as they are there.
    """

    def __init__(self, read: Lock, text: bytes | None = None) -> None:
        said = (part for kind in _said(read) for parts in kind.values() for part in parts)
        self._read = {id(part): part for part in (*read.entries.values(), *said)}
        self._blocks: dict[str, tuple[_Parts, bytes]] = {}
        """Job → of what its block was made, and its text."""
        self._unseen: tuple[Lock, bytes | None] | None = (read, text)
        """What the blocks of the file are taken from when a lock is written for the first time."""

    def of(self, lock: Lock) -> bytes:
        """Return the text of a lock. Raises ValueError or RecursionError when it could not be read again."""
        blocks: dict[str, tuple[_Parts, bytes]] = {}
        fresh: list[bytes] = []
        before = self._blocks if self._unseen is None else blocks_in(*self._unseen)
        for job in _jobs(lock):
            parts, known = _parts(lock, job), before.get(job)
            if known is None or not _is_same(known[0], parts):
                known = (parts, _block(lock, job))
                new = [part for part in parts if id(part) not in self._read]
                fresh += [known[1]] if new else []
                for entry in new:
                    if isinstance(entry, Entry):
                        check_fingerprint(entry)
            blocks[job] = known
        parse_lock(_text(fresh, lock))
        data = _text([text for _, text in blocks.values()], lock)
        if self._unseen is not None:
            _check_whole(data, {job for job, (_, block) in blocks.items() if block})
        if len(data) > MAX_BYTES:
            raise ValueError(f"it is larger than {MAX_BYTES >> 20} MiB")
        self._blocks, self._unseen = blocks, None
        return data


def _check_whole(data: bytes, jobs: set[str]) -> None:
    """Raise ValueError unless a text whose blocks come from two others is JSON with a block for each of these jobs."""
    if job_names(data) != jobs:
        raise ValueError("its blocks do not fit together")


def blocks_in(lock: Lock, data: bytes | None) -> dict[str, tuple[_Parts, bytes]]:
    """Return job → of what its block is made and its text, from what a lock was read from; none where that is laid out differently.

    A block is left out unless each of its submissions has a checksum, is still written, and is at its place.
    """
    text, jobs = data or b"", _jobs(lock)
    begun, ended = text.find(_HEAD + _LINE), text.rfind(_END + b"\n },\n")
    blocks = text[begun + len(_HEAD + _LINE) : ended].split(_END + b"," + _LINE)
    if -1 in (begun, ended) or not text.endswith(_TAIL) or len(blocks) != len(jobs):
        return {}
    if text.count(_ATTEMPT) != len(lock.entries):  # one that is in two blocks was joined
        return {}
    found: dict[str, tuple[_Parts, bytes]] = {}
    for job, block in zip(jobs, blocks, strict=True):
        if not block.startswith(compact(job) + b": {"):
            return {}
        written = lock.written(job)
        places = [block.find(b'%b%b"' % (_ATTEMPT, entry.attempt.encode())) for entry in written]
        is_ours = places == sorted(places) and len(lock.picks.get(job, ())) < 2
        if is_ours and -1 not in places and block.count(_ATTEMPT) == block.count(_SUM) == len(written):
            found[job] = (_parts(lock, job), block + _END)
    return found


def readable(path: Path, lock: Lock, text: LockText | None = None) -> bytes:
    """Return the text of a lock, with what `text` knows of it. Raises StateError when it would be refused at `path`."""
    try:
        return (text or LockText(Lock())).of(lock)
    except (ValueError, RecursionError) as error:
        raise StateError(
            f"the lock {path} was not written, since it could not be read again: {error}",
            help="the journal holds every receipt; keep .scorefile",
        ) from error


def _is_same(known: _Parts, parts: _Parts) -> bool:
    """Say whether a block has the very parts that it had: of two equal entries one may hide an id that the other shows."""
    return len(known) == len(parts) and all(map(operator.is_, known, parts))


def _parts(lock: Lock, job: str) -> _Parts:
    return (*lock.jobs.get(job, ()), *(part for said in _said(lock) for part in said.get(job, ())))


def _jobs(lock: Lock) -> list[str]:
    return sorted({*lock.jobs, *(job for said in _said(lock) for job in said)})


def _said(lock: Lock) -> tuple[Mapping[str, Iterable[Pick | Approval | Rating]], ...]:
    """Return all that people said, of each kind of which there is something, job → what was said."""
    return tuple(kind for kind in (lock.picks, lock.approvals, lock.ratings) if kind)


def _text(blocks: Iterable[bytes], lock: Lock) -> bytes:
    """Return the text of a lock with these blocks, of which those without anything to say are empty."""
    jobs = (b"," + _LINE).join(filter(None, blocks))
    held = b"".join((_LINE, jobs, b"\n }")) if jobs else b"}"
    marked = b',\n "rehearsal": true' if lock.rehearsal else b""
    names = b",".join(_LINE + compact(attempt) for attempt in sorted(lock.forgotten))
    forgotten = b' "forgotten": [%b\n ],\n' % names if names else b""
    return b"".join((b"{\n", forgotten, _HEAD, held, marked, b",", _TAIL))


def _block(lock: Lock, job: str) -> bytes:
    """Return the text of a job's block with its name; an empty one where nothing of it is written."""
    kept = lock.written(job)
    picks = sorted(lock.picks.get(job, ()), key=lambda pick: (pick.sha256 or "", pick.revision))
    words = sorted(lock.approvals.get(job, ()), key=lambda word: (word.at, word.name))
    ratings = sorted(lock.ratings.get(job, ()), key=lambda item: (item.at, item.name))
    if not (kept or picks or words or ratings):
        return b""
    block: dict[str, Any] = {"submissions": [_with_sum(entry_to_json(entry)) for entry in kept]}
    block |= {"picks": [pick_to_json(pick) for pick in picks]} if picks else {}
    block |= {"approvals": [approval_to_json(word) for word in words]} if words else {}
    block |= {"ratings": [rating_to_json(item) for item in ratings]} if ratings else {}
    return b"%b: %b" % (compact(job), msgspec.json.format(compact(block), indent=1).replace(b"\n", _LINE))


def _with_sum(block: dict[str, Any]) -> dict[str, Any]:
    return {**block, "sum": checksum(block)}
