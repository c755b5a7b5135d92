"""Read the blocks of a lock of version 1, which kept the last result of a job.

Each block had one entry, with a pending receipt, or with what a provider had made, nested in it. It knew no attempts: each
receipt gets one that is made of its content, so that any machine gives it the same.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from runner.plan.fingerprint import fingerprint
from runner.records.lock import Entry, Lock, Output, ProviderJobId, Receipt, State
from runner.records.lock_json import mapping, only, take_from_json, text, whole
from runner.state.lock_checksums import checksum, without_sum
from runner.state.lock_rules import VERSION_1, join_entries
from runner.state.lock_validation import check_entry

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from runner.records.lock import Take

_ENTRY = {"fingerprint", "model", "request", "receipt", "takes", "take", "pending", "paid"}
_RECEIPT = {"request_id", "price_usd", "submitted_at", "poll_url"}
_PAID, _MAIN, _PENDING = 1, 2, 3
"""The revisions of what a block held: what was made before, its result, and what was being made."""


def read_version_1(jobs: Mapping[str, Any]) -> Lock:
    """Return the lock that these blocks make. Raises ValueError naming the block that is not valid."""
    entries: dict[str, Entry] = {}
    for job, block in jobs.items():
        try:
            receipt, recorded = without_sum(block["receipt"])
            bare = {**mapping(block), "receipt": receipt}
            found = tuple(_entries(job, bare, _MAIN))
        except (KeyError, TypeError, ValueError, OverflowError) as error:
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


def _entries(job: str, block: Mapping[str, Any], revision: int) -> Iterator[Entry]:
    only(block, _ENTRY)
    takes = tuple(_take(item, number) for number, item in enumerate(block["takes"], start=1))
    model, request = text(block["model"]), mapping(block["request"])
    receipt = _receipt(block["receipt"])
    is_local = receipt.request_id is None and model.startswith("local/")
    if not takes and receipt.request_id is None:
        raise ValueError("receipt.request_id: a receipt without takes needs the provider job id")
    if whole(block["take"]) < 1:
        raise ValueError(f"take: {block['take']} is less than 1")
    entry = Entry(
        attempt="",
        job=job,
        revision=revision if takes else _PENDING,
        model=model,
        request=request,
        fingerprint=text(block["fingerprint"]),
        seed_param="seed" if "seed" in request else None,
        state=State.DONE if takes else State.PENDING,
        receipt=None if is_local else receipt,
        takes=takes,
        output=_output(block["takes"]),
    )
    yield check_entry(_named(entry))
    for name, nested in (("pending", _PENDING), ("paid", _PAID)):
        if block.get(name) is not None:
            try:
                yield from _entries(job, mapping(block[name]), nested)
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
    return take_from_json({**{name: value for name, value in block.items() if name != "path"}, "number": number})


def _output(takes: list[Mapping[str, Any]]) -> Output | None:
    placed = [take for take in takes if take.get("path") is not None]
    if len(placed) > 1:
        raise ValueError("only one take may have a path, and several have one")
    return Output(path=text(placed[0]["path"]), sha256=text(placed[0]["sha256"])) if placed else None


def _receipt(block: Mapping[str, Any]) -> Receipt:
    only(block, _RECEIPT)
    known, price, url = text(block["request_id"]), block["price_usd"], block.get("poll_url")
    return Receipt(
        request_id=ProviderJobId.parse(known) if known else None,
        price_usd=None if price is None else text(price),
        submitted_at=text(block["submitted_at"]),
        poll_url=None if url is None else text(url),
    )
