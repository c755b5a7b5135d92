"""What the tests of the ledger read out of a lock, whatever its exact JSON is: only this file knows the form.

Assumed of every version: the lock is a JSON object with `version` and `jobs`, and `jobs` maps a job's id to its block.
A *submission* is any object inside a block that holds `fingerprint`, `model` and `request`; its proof stands in an
object `receipt` inside it, as `request_id` (empty or absent: there is none). Version 1 has one such object for a job and
nests others under `pending` and `paid`; version 2 keeps a list or a table of them, the current one first, and each says
its `state`: `unknown`, `pending`, `done`, `failed-charged` or `lost`. A version 1 submission has no `state`: with takes it
is done, without it is pending. A checksum is a field `sum`, in any object; a text without one is judged by its fields.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

UNKNOWN, PENDING, DONE = "unknown", "pending", "done"
MARKERS = ("<<<<<<< ", "=======", ">>>>>>> ")
_SUBMISSION = ("fingerprint", "model", "request")


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """One submission as a lock notes it. `id` is the provider's, its digest, or empty."""

    job: str
    id: str
    state: str
    model: str
    prompt: str
    takes: tuple[str, ...]
    """The SHA-256 of each take."""


def submissions(text: str, job: str | None = None) -> list[Noted]:
    """Return every submission of a lock, or of one job of it, in the order of the text."""
    blocks = json.loads(text)["jobs"].items()
    return [_noted(name, item) for name, block in blocks if job in (None, name) for item in _inside(block)]


def receipts(text: str) -> set[str]:
    """Return every provider job id that a lock proves, of whatever state; digests as they stand."""
    return {item.id for item in submissions(text) if item.id}


def unknown(text: str, job: str | None = None) -> list[Noted]:
    """Return the submissions whose payment status is unknown."""
    return [item for item in submissions(text, job) if item.state == UNKNOWN]


def holds(text: str, id: str) -> bool:
    """Say whether a lock proves this id, in clear or as its digest."""
    return not {id, "sha256:" + hashlib.sha256(id.encode()).hexdigest()}.isdisjoint(receipts(text))


def read(path: Path) -> str:
    """Return the text of a lock; that of an empty one where there is no file."""
    return path.read_text(encoding="utf-8") if path.exists() else '{"version": 1, "jobs": {}}\n'


def is_conflicted(text: str) -> bool:
    """Say whether git left its markers in a text."""
    return any(line.startswith(MARKERS) for line in text.splitlines())


def edited(text: str, job: str, change: Callable[[dict[str, Any]], None]) -> str:
    """Return a lock in which a person changed the current submission of one job, and took its checksums out."""
    data = json.loads(text)
    change(next(_inside(data["jobs"][job])))
    return json.dumps(_without_sums(data), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def set_receipt(**fields: str) -> Callable[[dict[str, Any]], None]:
    """Return a change for `edited`: these fields of the receipt, and no takes, as while it is pending."""

    def change(submission: dict[str, Any]) -> None:
        submission["receipt"].update(fields)
        submission["takes"] = []
        if "state" in submission:
            submission["state"] = PENDING

    return change


def _inside(block: Any) -> Iterator[dict[str, Any]]:
    """Yield every submission in a block, the outer one before those inside it."""
    if isinstance(block, dict):
        if all(name in block for name in _SUBMISSION):
            yield block
        for name, value in block.items():
            if name != "request":
                yield from _inside(value)
    elif isinstance(block, list):
        for value in block:
            yield from _inside(value)


def _noted(job: str, item: dict[str, Any]) -> Noted:
    takes = tuple(take["sha256"] for take in item.get("takes") or ())
    return Noted(
        job=job,
        id=(item.get("receipt") or {}).get("request_id") or "",
        state=item.get("state") or (DONE if takes else PENDING),
        model=item["model"],
        prompt=item["request"].get("prompt", ""),
        takes=takes,
    )


def _without_sums(data: Any) -> Any:
    if isinstance(data, dict):
        return {name: _without_sums(value) for name, value in data.items() if name != "sum"}
    return [_without_sums(value) for value in data] if isinstance(data, list) else data
