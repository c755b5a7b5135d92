"""Check that every field of a lock entry has a value that this program could have written.

People edit, merge and copy locks. Whatever is wrong is reported with its place when the lock is read, before a run has
paid for anything.
"""

from __future__ import annotations

import math
from datetime import datetime
from decimal import Decimal, InvalidOperation
from itertools import dropwhile
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from runner.records.media_types import EXTENSIONS

if TYPE_CHECKING:
    from runner.records.lock import Entry, Receipt, Take

MAX_ID = 512


def check_entry(entry: Entry) -> Entry:
    """Return the entry when all its fields are valid. Raises ValueError naming the first that is not."""
    _check_receipt(entry.receipt)
    if not entry.takes and not entry.receipt.request_id:
        raise ValueError("receipt.request_id: a receipt without takes needs the provider job id")
    if entry.take < 1:
        raise ValueError(f"take: {entry.take} is less than 1")
    for number, take in enumerate(entry.takes, start=1):
        try:
            _check_take(take)
        except ValueError as error:
            raise ValueError(f"take {number}: {error}") from error
    if sum(take.path is not None for take in entry.takes) > 1:
        raise ValueError("only one take may have a path, and several have one")
    for name, inner in (("pending", entry.pending), ("paid", entry.paid)):
        if inner is not None:
            try:
                check_entry(inner)
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from error
    return entry


def _check_receipt(receipt: Receipt) -> None:
    text = str(receipt.request_id or "")
    if len(text) > MAX_ID or not text.isprintable() or " " in text:
        raise ValueError(f"receipt.request_id: {text[:60]!r} is not a valid provider job id")
    if not _is_time(receipt.submitted_at):
        raise ValueError(f"receipt.submitted_at: {receipt.submitted_at!r} is not a time such as 2026-11-20T12:00:00Z")
    if receipt.price_usd is not None and not _is_price(receipt.price_usd):
        raise ValueError(f"receipt.price_usd: {receipt.price_usd!r} is not an amount of dollars")
    # The annotation says text, and JSON may hold anything.
    url: object = receipt.poll_url
    if url is not None and not (isinstance(url, str) and _is_url(url)):
        raise ValueError(f"receipt.poll_url: {url!r} is not a link")


def _check_take(take: Take) -> None:
    if take.bytes < 0:
        raise ValueError("bytes: a size cannot be negative")
    if not math.isfinite(take.seconds) or take.seconds < 0:
        raise ValueError(f"seconds: {take.seconds} is not a length")
    if take.lufs is not None and not math.isfinite(take.lufs):
        raise ValueError(f"lufs: {take.lufs} is not a loudness")
    if take.rate_hz < 1 or take.channels < 1:
        raise ValueError("rate_hz and channels are counted from 1")
    if take.path is not None:
        _check_path(take.path, take.media_type)


def _check_path(path: str, media_type: str) -> None:
    """Check that a path is one that an output may have, above the folder too, with the extension of its media type."""
    parts = tuple(dropwhile(lambda part: part == "..", PurePosixPath(path).parts))
    if not parts or path.startswith("/") or ".." in parts or "\0" in path:
        raise ValueError(f"the path {path!r} is outside the folder")
    if not parts[-1].endswith(EXTENSIONS[media_type]):
        raise ValueError(f"{path!r} is not a path for {media_type}, whose files end in {EXTENSIONS[media_type]}")


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _is_price(text: str) -> bool:
    try:
        price = Decimal(text)
    except InvalidOperation:
        return False
    return price.is_finite() and price >= 0


def _is_url(text: str) -> bool:
    try:
        return text.isprintable() and urlsplit(text).scheme in ("http", "https") and bool(urlsplit(text).hostname)
    except ValueError:
        return False
