"""What was made and paid for: takes, receipts, lock entries, and their JSON form."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from runner.records.media_types import EXTENSIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.records.source import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """One verified piece of audio. `path` is set on the take that `output` names, once it is placed."""

    sha256: str
    bytes: int
    media_type: str
    seconds: float
    rate_hz: int
    channels: int
    lufs: float | None = None
    """Integrated loudness in LUFS (ITU-R BS.1770); None when too short or silent to measure."""
    path: str | None = None
    seed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderJobId:
    """A provider's id of a job. Two are equal when their digests are.

    `plain` is None where only the digest is known: an id that holds personal data stays out of the lock. No URL can be
    made of a digest.
    """

    digest: str
    plain: str | None = field(default=None, compare=False)

    @classmethod
    def of(cls, plain: str) -> ProviderJobId:
        """Return the id that a provider gave."""
        return cls(digest=_HIDDEN + hashlib.sha256(plain.encode()).hexdigest(), plain=plain)

    @classmethod
    def parse(cls, text: str) -> ProviderJobId:
        """Return the id that a lock or a journal row holds as `text`."""
        return cls(digest=text) if text.startswith(_HIDDEN) else cls.of(text)

    def hidden(self) -> ProviderJobId:
        """Return the id without its plain form."""
        return replace(self, plain=None)

    def __str__(self) -> str:
        return self.digest if self.plain is None else self.plain


_HIDDEN = "sha256:"
"""How a digest begins, where a lock or a journal row has it in place of an id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Proof of one accepted submission. It has no id for a model that runs here, or when the answer named none."""

    request_id: ProviderJobId | None
    price_usd: str | None
    """Decimal text; None when the price is unknown."""
    submitted_at: str
    poll_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One job in the lock: what was sent, what proves it, which takes were received.

    Without takes it is a pending receipt: accepted, not finished. `pending` is such a receipt beside a finished entry
    that is being made again; `paid` is what a provider made, kept while the entry itself was made here.
    """

    fingerprint: str
    model: str
    request: Mapping[str, Json]
    receipt: Receipt
    takes: tuple[Take, ...]
    take: int
    pending: Entry | None = None
    paid: Entry | None = None

    def chosen(self, take: int) -> Take:
        """Return take number `take`, counted from 1; the last one where there are fewer."""
        return chosen_take(self.takes, take)

    @property
    def waiting(self) -> Entry | None:
        """The pending receipt: beside a finished entry, or the entry itself."""
        return self.pending if self.takes else self

    @property
    def paths(self) -> tuple[str, ...]:
        """The outputs at which its takes are."""
        return tuple(take.path for take in self.takes if take.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """NAME.lock: job id → Entry. The lock of a rehearsal says so, and is refused anywhere else."""

    jobs: Mapping[str, Entry] = field(default_factory=dict)
    rehearsal: bool = False


def chosen_take(takes: tuple[Take, ...], take: int) -> Take:
    """Return take number `take`, counted from 1; the last one where there are fewer."""
    return takes[min(take, len(takes)) - 1]


def entry_to_json(entry: Entry) -> dict[str, Any]:
    """Return the JSON form of one entry; fields without a value are left out."""
    receipt = {
        "request_id": str(entry.receipt.request_id or ""),
        "price_usd": entry.receipt.price_usd,
        "submitted_at": entry.receipt.submitted_at,
        "poll_url": entry.receipt.poll_url,
    }
    block = {
        "fingerprint": entry.fingerprint,
        "model": entry.model,
        "request": dict(entry.request),
        "receipt": _without_none(receipt, keep=("price_usd",)),
        "takes": [take_to_json(take) for take in entry.takes],
        "take": entry.take,
    }
    nested = {"pending": entry.pending, "paid": entry.paid}
    return block | {name: entry_to_json(inner) for name, inner in nested.items() if inner is not None}


def entry_from_json(block: Mapping[str, Any]) -> Entry:
    """Return the Entry of one block. Raises KeyError, TypeError or ValueError when it is not one."""
    _only(block, {"fingerprint", "model", "request", "receipt", "takes", "take", "pending", "paid"})
    receipt = block["receipt"]
    _only(receipt, {"request_id", "price_usd", "submitted_at", "poll_url"})
    return Entry(
        fingerprint=_text(block["fingerprint"]),
        model=_text(block["model"]),
        request=_object(block["request"]),
        receipt=Receipt(
            request_id=ProviderJobId.parse(_text(receipt["request_id"])) if receipt["request_id"] else None,
            price_usd=None if receipt["price_usd"] is None else _text(receipt["price_usd"]),
            submitted_at=_text(receipt["submitted_at"]),
            poll_url=receipt.get("poll_url"),
        ),
        takes=tuple(take_from_json(take) for take in block["takes"]),
        take=_whole(block["take"]),
        pending=None if block.get("pending") is None else entry_from_json(block["pending"]),
        paid=None if block.get("paid") is None else entry_from_json(block["paid"]),
    )


def take_to_json(take: Take) -> dict[str, Any]:
    """Return the JSON form of one take; fields without a value are left out."""
    return _without_none({name: getattr(take, name) for name in Take.__slots__}, keep=())


def take_from_json(block: Mapping[str, Any]) -> Take:
    """Return the Take of its JSON form. Raises KeyError, TypeError or ValueError when it is not one."""
    _only(block, set(Take.__slots__))
    sha256 = _text(block["sha256"])
    if len(sha256) != 64 or set(sha256) - set("0123456789abcdef"):
        raise ValueError("sha256 is not 64 hex digits")
    if block["media_type"] not in EXTENSIONS:
        raise ValueError(f"{block['media_type']!r} is not a supported media type")
    return Take(
        sha256=sha256,
        bytes=_whole(block["bytes"]),
        media_type=_text(block["media_type"]),
        seconds=float(block["seconds"]),
        rate_hz=_whole(block["rate_hz"]),
        channels=_whole(block["channels"]),
        lufs=None if block.get("lufs") is None else float(block["lufs"]),
        path=None if block.get("path") is None else _text(block["path"]),
        seed=None if block.get("seed") is None else _whole(block["seed"]),
    )


def _without_none(data: dict[str, Any], *, keep: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if value is not None or name in keep}


def _only(block: Mapping[str, Any], names: set[str]) -> None:
    unknown = set(_object(block)) - names
    if unknown:
        raise ValueError(f"unknown field {min(unknown)!r}")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not text")
    return value


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{value!r} is not a whole number")
    return value


def _object(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"{value!r} is not an object")
    return value
