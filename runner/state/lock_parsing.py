"""What the text of a lock says.

Each submission has a checksum of itself, so that a flipped bit in an id is found before a provider is asked for another
job. Because it is inside the submission, a merge that keeps the submissions of both sides keeps all checksums valid. A
submission without one, for example after a repair by hand, is checked by its fields alone and gets one at the next write.

What this program wrote is read once: without spaces, it is the text that its checksums cover, and the rest is as it would
be written again. What somebody changed is read a second time by `careful`, which also sees a name that is there twice.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from msgspec import Raw, Struct

from runner.frozen import replace
from runner.records.lock import Lock
from runner.records.lock_json import Attempt, Block, Form, entry_from_json, read_json
from runner.state.lock_checksums import checksum, checksum_of, without_sum
from runner.state.lock_rules import join_entries
from runner.state.lock_validation import check_approval, check_entry, check_fingerprint, check_pick, check_rating
from runner.state.lock_version_1 import read_version_1

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.records.approval import Approval
    from runner.records.lock import Entry
    from runner.records.pick import Pick
    from runner.records.rating import Rating

VERSION = 2
_SUM, _SUM_CHARACTERS = b',"sum":"', 16


class _Lock(Form, frozen=True, kw_only=True):
    forgotten: tuple[Attempt, ...] = ()
    jobs: dict[str, Block]
    rehearsal: bool = False
    version: Literal[2]


class _AnyLock(Form, frozen=True, kw_only=True):
    forgotten: tuple[Attempt, ...] = ()
    jobs: dict[str, Raw]
    rehearsal: bool = False
    version: Any


class _Version(Struct):
    version: Any = None


_LOCK, _BLOCK = msgspec.json.Decoder(_Lock), msgspec.json.Decoder(Block)
_ANY_LOCK, _VERSION = msgspec.json.Decoder(_AnyLock), msgspec.json.Decoder(_Version)


def parse_lock(text: str | bytes) -> Lock:
    """Return the Lock that `text` holds, of any version. Raises ValueError saying what is wrong with it."""
    data = text.encode() if isinstance(text, str) else text
    try:
        return _parsed(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        careful(data)  # which says where it is no JSON
        raise ValueError(
            "a text in it has half a character: one of \\ud800 to \\udfff without its other half"
        ) from error


def job_names(text: bytes) -> set[str]:
    """Return the names of the jobs in the text of a lock. Raises ValueError when it is none."""
    return {*read_json(_ANY_LOCK, text).jobs}


def _parsed(text: bytes) -> Lock:
    data = msgspec.json.format(text, indent=-1)
    try:
        found = _LOCK.decode(data)
    except msgspec.ValidationError as error:
        return _of_version_1(data, text, error)
    if msgspec.json.encode(found) != data:
        careful(text)
    return replace(_read(found.jobs), rehearsal=found.rehearsal, forgotten=frozenset(found.forgotten))


def _of_version_1(data: bytes, text: bytes, error: msgspec.ValidationError) -> Lock:
    """Return the Lock of a text that is none of version 2. Raises ValueError saying what is wrong with it."""
    version = read_json(_VERSION, data).version
    if type(version) is not int or version not in (1, VERSION):
        raise ValueError(f"unsupported version {version} (expected {VERSION})")
    found = read_json(_ANY_LOCK, data)
    if version == 1:
        lock = read_version_1(careful(text)["jobs"])
        return replace(lock, rehearsal=found.rehearsal, forgotten=frozenset(found.forgotten))
    for job, block in found.jobs.items():
        try:
            read_json(_BLOCK, block)
        except ValueError as wrong:
            raise _at(f"the block of {job!r} is not valid", wrong) from error
    raise error


def _read(jobs: Mapping[str, Block]) -> Lock:
    entries: dict[str, Entry] = {}
    picks: dict[str, frozenset[Pick]] = {}
    approvals: dict[str, frozenset[Approval]] = {}
    ratings: dict[str, frozenset[Rating]] = {}
    for job, block in jobs.items():
        try:
            for number, text in enumerate(block.submissions):
                entry = _entry(job, number, bytes(text))
                # git leaves it in two blocks when two branches gave it to different jobs.
                before = entries.get(entry.attempt)
                entries[entry.attempt] = entry if before is None else join_entries(before, entry)
            if block.picks:
                picks[job] = frozenset(map(check_pick, block.picked()))
            if block.approvals:
                approvals[job] = frozenset(map(check_approval, block.approved()))
            if block.ratings:
                ratings[job] = frozenset(map(check_rating, block.rated()))
        except ValueError as error:
            raise _at(f"the block of {job!r} is not valid", error) from error
    return Lock(entries=entries, picks=picks, approvals=approvals, ratings=ratings)


def _entry(job: str, number: int, text: bytes) -> Entry:
    try:
        entry = check_entry(entry_from_json(job, text))
    except ValueError as error:
        raise _at(f"submissions[{number}]", error) from error
    if not _is_proven(text):
        _check_by_hand(entry, careful(text))
    return entry


def _at(place: str, error: ValueError) -> ValueError:
    """Return an error with the place of what is wrong; the very error where the text is no JSON, which has a line for its place."""
    return error if isinstance(error, msgspec.DecodeError | UnicodeDecodeError) else ValueError(f"{place}: {error}")


def _is_proven(text: bytes) -> bool:
    """Say whether a submission is, but for its spaces, as this program wrote it: then its checksum is that of the rest of its text."""
    before, _, after = text.rpartition(_SUM)
    return checksum_of(before + after[_SUM_CHARACTERS + 1 :]).encode() == after[:_SUM_CHARACTERS]


def _check_by_hand(entry: Entry, block: Any) -> None:
    """Raise ValueError unless a submission has no checksum or that of its fields, however they are written, and the right fingerprint."""
    check_fingerprint(entry)
    bare, recorded = without_sum(block)
    if recorded is not None and recorded != checksum(bare):
        why = "its checksum does not match; remove the line `sum` if the change was made on purpose"
        raise ValueError(f"the submission {entry.attempt} was changed: {why}")


def careful(text: bytes) -> Any:
    """Return what a JSON text holds. Raises ValueError that names the place where it is none, or a name that is there twice."""
    return json.loads(text.decode(), object_pairs_hook=_unique, parse_constant=_no_constant)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        twice = next(name for name, _ in pairs if sum(name == other for other, _ in pairs) > 1)
        raise ValueError(f"duplicate key {twice!r}")
    return data


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
