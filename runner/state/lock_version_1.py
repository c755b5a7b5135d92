"""Read the blocks of a lock of version 1, which kept the last result of a job.

Each block had one entry, with a pending receipt, or with what a provider had made, nested in it. It knew no attempts: each
receipt gets one that is made of its content, so that any machine gives it the same.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from runner.frozen import replace
from runner.plan.fingerprint import fingerprint
from runner.records.lock import Entry, Lock, Output, State
from runner.records.lock_json import Counted, Form, ReceiptForm, read_block, take_from_json
from runner.state.lock_checksums import checksum, without_sum
from runner.state.lock_rules import VERSION_1, join_entries
from runner.state.lock_validation import check_entry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from runner.records.lock import Take

_PAID, _MAIN, _PENDING = 1, 2, 3
"""The revisions of what a block held: what was made before, its result, and what was being made."""


class _Block(Form, frozen=True, kw_only=True):
    """What a block of version 1 holds. In its receipt there may be a checksum of the whole block."""

    fingerprint: str
    model: str
    request: dict[str, Any]
    receipt: ReceiptForm
    takes: list[dict[str, Any]]
    take: Counted
    pending: _Block | None = None
    paid: _Block | None = None


def read_version_1(jobs: Mapping[str, Any]) -> Lock:
    """Return the lock that these blocks make. Raises ValueError naming the block that is not valid."""
    entries: dict[str, Entry] = {}
    for job, block in jobs.items():
        try:
            receipt, recorded = without_sum(block.get("receipt") if isinstance(block, dict) else None)
            bare = {**block, "receipt": receipt} if receipt is not None else block
            found = tuple(_entries(job, read_block(_Block, bare), _MAIN))
        except ValueError as error:
            raise ValueError(f"the block of {job!r} is not a valid entry: {error}") from error
        if recorded is not None and recorded != checksum(bare):
            why = "its checksum does not match; remove the line `sum` if the change was made on purpose"
            raise ValueError(f"the block of {job!r} was changed: {why}")
        for entry in found:
            if fingerprint(entry.model, entry.request) != entry.fingerprint:
                raise ValueError(f"the block of {job!r} was changed: its request does not match its fingerprint")
            before = entries.get(entry.attempt)
            entries[entry.attempt] = entry if before is None else join_entries(before, entry)
    return Lock(entries=entries)


def _entries(job: str, block: _Block, revision: int) -> Iterator[Entry]:
    takes = tuple(_take(item, number) for number, item in enumerate(block.takes, start=1))
    receipt = block.receipt.record()
    is_local = receipt.request_id is None and block.model.startswith("local/")
    if not takes and receipt.request_id is None:
        raise ValueError("receipt.request_id: a receipt without takes needs the provider job id")
    entry = Entry(
        attempt="",
        job=job,
        revision=revision if takes else _PENDING,
        model=block.model,
        request=block.request,
        fingerprint=block.fingerprint,
        seed_param="seed" if "seed" in block.request else None,
        state=State.DONE if takes else State.PENDING,
        receipt=None if is_local else receipt,
        takes=takes,
        output=_output(block.takes),
    )
    yield check_entry(_named(entry))
    for name, nested, its in (("pending", block.pending, _PENDING), ("paid", block.paid, _PAID)):
        if nested is not None:
            try:
                yield from _entries(job, nested, its)
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from error


def _named(entry: Entry) -> Entry:
    """Return an entry with an attempt that is made of its receipt, or of its content where that has no id."""
    if entry.receipt is None:
        named = [entry.job, entry.model, entry.fingerprint]
    elif entry.request_id is not None:
        named = [entry.model, entry.request_id.digest]
    else:
        named = [entry.model, entry.fingerprint, entry.receipt.submitted_at, entry.takes[0].sha256]
    digest = hashlib.sha256(json.dumps(named).encode()).hexdigest()
    return replace(entry, attempt=f"{VERSION_1}{digest[:24]}")


def _take(block: Mapping[str, Any], number: int) -> Take:
    try:
        return take_from_json({**{name: value for name, value in block.items() if name != "path"}, "number": number})
    except ValueError as error:
        raise ValueError(f"takes[{number - 1}].{error}") from error


def _output(takes: Iterable[Mapping[str, Any]]) -> Output | None:
    placed = [take for take in takes if take.get("path") is not None]
    if len(placed) > 1:
        raise ValueError("only one take may have a path, and several have one")
    return Output(path=str(placed[0]["path"]), sha256=placed[0]["sha256"]) if placed else None
