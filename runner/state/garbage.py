"""What the folder of a project's state holds, and which of it nothing names any more.

What is named: by any lock on disk or on a git ref, by what lock and journal of each pipeline know together, by a pick,
and by a submission that is not finished. Whatever cannot be read stops the search: then nothing is deleted.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from runner.errors import StateError
from runner.records.disk import PaidTake, Room, Unneeded
from runner.state.blobs.incoming import Incoming
from runner.state.git_objects import locks_of_refs
from runner.state.journal import read_events
from runner.state.lock_copies import parse_copy
from runner.state.lock_parsing import parse_lock
from runner.state.lockfile import read_bytes, understood
from runner.state.reconcile import Reconciled, unfinished
from runner.state.submissions import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from runner.records.submission import Event, Submission

_SHA256 = re.compile("[0-9a-f]{64}")
_QUOTED = re.compile(rb'"([0-9a-f]{64})"')
_JOBS = b'\n "jobs": {'
_BLOCK = b'\n  "'
"""What is before the name of a job in the text of a lock."""
_LEVEL = 2
"""The letters of a folder of the store that takes are in."""
_HELD = ("run.flock", "run.holder")
"""The files of a run lock, which are never deleted while it is held."""


class Unwanted(Struct, frozen=True, kw_only=True):
    """A file that nothing names."""

    path: Path
    bytes: int
    kind: Unneeded


class Names(Struct, kw_only=True, dict=True):
    """The blobs that are named, each with the first that names it, and what the journals tell of the others."""

    by: dict[str, str] = field(default_factory=dict)
    takes: dict[str, PaidTake] = field(default_factory=dict)
    """The takes that a provider sent."""
    made_here: set[str] = field(default_factory=set)
    answers: set[str] = field(default_factory=set)
    finished: frozenset[str] = frozenset()
    """What was made of takes by mastering."""

    def add(self, names: Iterable[str], by: str) -> None:
        """Note that `by` names these blobs."""
        for name in names:
            self.by.setdefault(name, by)

    def kind(self, sha256: str) -> Unneeded:
        """Return what a blob is that nothing names."""
        if sha256 in self.takes:
            return Unneeded.PAID
        if sha256 in self.made_here:
            return Unneeded.FREE
        if sha256 in self.finished:
            return Unneeded.FINISHED
        return Unneeded.ANSWER if sha256 in self.answers else Unneeded.UNKNOWN


class LockReader:
    """Reads many versions of a lock. Of a block that several have, only the first is checked."""

    def __init__(self) -> None:
        self._checked: set[bytes] = set()

    def names(self, place: str, data: bytes) -> frozenset[str]:
        """Return every hash in a lock; none in a file of another program. Raises StateError when the lock is damaged."""
        if b'"jobs"' not in data or b'"fingerprint"' not in data:
            return frozenset()
        begin, jobs, rest = data.partition(_JOBS)
        _, *blocks = rest.split(_BLOCK)
        tail = blocks[-1][blocks[-1].rfind(b"\n }") :] if blocks else b""
        texts = {hashlib.sha256(text).digest(): text for text in (_bare(block, tail) for block in blocks)}
        fresh = [text for name, text in texts.items() if name not in self._checked]
        try:
            parse_lock((begin + jobs + (_BLOCK if fresh else b"") + (b"," + _BLOCK).join(fresh) + tail).decode())
        except (ValueError, RecursionError):
            _check_whole(place, data)
        self._checked |= texts.keys()
        return frozenset(name.decode() for name in _QUOTED.findall(data))


def _bare(block: bytes, tail: bytes) -> bytes:
    return block.removesuffix(tail).removesuffix(b",")


def _check_whole(place: str, data: bytes) -> None:
    try:
        parse_copy(place, data)
    except StateError as error:
        raise StateError(error.message, help="nothing was deleted; restore that lock, or delete the ref") from error


def names_of(states: Mapping[Path, Path], folders: Iterable[Path]) -> Names:
    """Return what is named by the pipelines whose state folders map to their locks, and by every lock in and of these folders.

    Raises StateError when a lock or a journal cannot be read.
    """
    names, reader = Names(), LockReader()
    for state, lock in states.items():
        _add_pipeline(names, state, lock)
    for folder in folders:
        for path in sorted(folder.glob("*.lock")):
            if path.is_file():
                names.add(reader.names(str(path), read_bytes(path) or b""), path.name)
        for place, data in locks_of_refs(folder):
            names.add(reader.names(place, data), place)
    return names


def _add_pipeline(names: Names, state: Path, path: Path) -> None:
    """Add what lock and journal of a pipeline know together: a lock that was reverted has it again after the next run."""
    events = read_events(state / "journal.db")
    known = Reconciled(understood(path, read_bytes(path), rehearsal=False), events)
    lock = known.lock
    written = [entry for job in lock.jobs for entry in lock.written(job)]
    names.add((take.sha256 for entry in written for take in entry.takes), f"the journal of {path.stem}")
    names.add((pick.sha256 for picks in lock.picks.values() for pick in picks if pick.sha256), path.name)
    names.add((word.sha256 for words in lock.approvals.values() for word in words), path.name)
    names.add((item.sha256 for ratings in lock.ratings.values() for item in ratings), path.name)
    names.add((entry.output.sha256 for entry in written if entry.output is not None), path.name)
    for item in unfinished(lock, known.submissions):
        names.add(_kept_for(item), f"the open submission of {item.job}")
    names.answers |= {name for row in events for name in _answers(row)}
    for item in fold(events).values():
        for take in item.takes:
            if item.sent:
                names.takes[take.sha256] = PaidTake(
                    sha256=take.sha256,
                    bytes=take.bytes,
                    job=item.job,
                    model=item.model,
                    seconds=take.seconds,
                    price_usd=item.price_usd,
                )
            else:
                names.made_here.add(take.sha256)


def _kept_for(item: Submission) -> Iterator[str]:
    """Yield the blobs that a submission may still need; its message names what is in quarantine."""
    yield from _SHA256.findall(item.message)
    yield from (take.sha256 for take in item.takes)
    kept = (*(media.kept for media in item.media), item.answer.kept if item.answer else None)
    yield from (name for name in kept if name)


def _answers(row: Event) -> Iterator[str]:
    """Yield the bytes of answers that a row keeps in the store."""
    for part in (row.data.get("reply"), *row.data.get("media", ())):
        if isinstance(part, dict) and part.get("kept"):
            yield part["kept"]


# ---------------------------------------------------------------- on disk


def unwanted(blobs: Path, names: Names, *, before: float) -> tuple[tuple[Unwanted, ...], Mapping[str, Room]]:
    """Return the files of a store that nothing names, and what is kept, by whom it is kept for.

    What is younger than `before`, a time as the disk gives it, is kept: a pipeline may have begun that nobody knew of.
    """
    found: list[Unwanted] = []
    kept: dict[str, list[int]] = defaultdict(list)
    names.finished = Incoming(blobs).finished()
    for path, status in _regular_files(blobs):
        if path.parent == blobs:
            continue
        kind, name = _place(path, names)
        by = names.by.get(name) if kind is not Unneeded.PART else None
        if by is None and status.st_mtime >= before:
            by = "a run that has just begun"
        if by is None:
            found.append(Unwanted(path=path, bytes=status.st_size, kind=kind))
        else:
            kept[by].append(status.st_size)
    return tuple(found), {by: Room.of(sizes) for by, sizes in kept.items()}


def pictures(folder: Path, names: Names, *, before: float) -> tuple[Unwanted, ...]:
    """Return what was worked out for pages of audio that nothing names, and is older than `before`."""
    return tuple(
        Unwanted(path=path, bytes=status.st_size, kind=Unneeded.PICTURE)
        for path, status in _regular_files(folder)
        if path.name[:64] not in names.by and status.st_mtime < before
    )


def _place(path: Path, names: Names) -> tuple[Unneeded, str]:
    """Return what a file of the store is, were it not named, and the hash that is its name."""
    name = path.name[:64]
    match path.parent.name:
        case "incoming":
            return Unneeded.PART, name
        case "quarantine":
            return Unneeded.QUARANTINE, name
        case _:
            return names.kind(name), name


def of_rehearsal(folder: Path) -> tuple[Unwanted, ...]:
    """Return all files of a rehearsal, in an order in which they can be deleted: a journal is never without its rows."""
    files = [(path, status.st_size) for path, status in _regular_files(folder) if path.name not in _HELD]
    files.sort(key=lambda file: (file[0].name != "journal.checkpoint", not file[0].name.startswith("journal")))
    return tuple(Unwanted(path=path, bytes=size, kind=Unneeded.REHEARSAL) for path, size in files)


def store_room(blobs: Path) -> Room:
    """Return how much room the takes in a store take."""
    return Room.of(status.st_size for path, status in _regular_files(blobs) if len(path.parent.name) == _LEVEL)


def _regular_files(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield the regular files below a folder; no link is followed."""
    waiting = [os.fspath(folder)]
    while waiting:
        with suppress(FileNotFoundError), os.scandir(waiting.pop()) as found:
            for entry in found:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                elif entry.is_file(follow_symlinks=False):
                    with suppress(FileNotFoundError):  # a run of another pipeline has just moved it to its place
                        yield Path(entry.path), entry.stat(follow_symlinks=False)
