"""Check that the fields of a lock entry fit each other, and those whose values `lock_json` does not describe.

People edit, merge and copy locks. Whatever is wrong is reported with its place when the lock is read, before a run has
paid for anything.
"""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from itertools import dropwhile
from typing import TYPE_CHECKING, assert_never
from urllib.parse import urlsplit

from runner.plan.fingerprint import fingerprint
from runner.records.lock import State
from runner.records.media_types import EXTENSIONS, MEDIA_TYPES
from runner.records.rating import MOST_STARS

if TYPE_CHECKING:
    from runner.records.approval import Approval
    from runner.records.lock import Entry, Receipt
    from runner.records.pick import Pick
    from runner.records.rating import Rating

MAX_ID = 512
MAX_NAME, MAX_NOTE = 200, 2000
_PLAIN_URL = re.compile(r"https?://[a-z0-9][a-z0-9.-]*(?::[0-9]{1,5})?(?:/[A-Za-z0-9/._~=&?-]*)?")
"""What most links look like: for these nothing has to be parsed."""
_PLAIN_PATH = re.compile(r"(?:[\w@-][^/\0]*/)*[\w@-][^/\0]*")
"""What most paths look like: no part of it begins with a dot."""


def check_entry(entry: Entry) -> Entry:
    """Return the entry when all its fields are valid. Raises ValueError naming the first that is not."""
    if bool(entry.roll) != (entry.roll_of is not None):
        raise ValueError("roll: it comes with roll_of, and roll_of with it")
    if entry.receipt is not None:
        _check_receipt(entry.receipt)
    elif entry.state is not State.DONE:
        raise ValueError(f"receipt: a submission that is {entry.state} needs one")
    if entry.receipt is not None and not _may_have_id(entry.state, has_id=entry.request_id is not None):
        why = "has no provider job id" if entry.request_id is not None else "needs the provider job id"
        raise ValueError(f"receipt.request_id: a submission that is {entry.state} {why}")
    if bool(entry.takes) != (entry.state is State.DONE):
        raise ValueError(f"takes: a submission that is {entry.state} has {len(entry.takes)}")
    if entry.output is not None:
        _check_output(entry)
    return entry


def check_fingerprint(entry: Entry) -> None:
    """Raise ValueError when the fingerprint of an entry is not that of its request. From then on its checksum proves it."""
    if fingerprint(entry.model, entry.request) != entry.fingerprint:
        raise ValueError(f"the submission {entry.attempt} was changed: its request does not match its fingerprint")


def check_pick(pick: Pick) -> Pick:
    """Return a pick when its fields fit each other. Raises ValueError when they do not."""
    if pick.sha256 is None and not pick.replaces:
        raise ValueError("picks: a pick of nothing replaces another one")
    return pick


def check_approval(word: Approval) -> Approval:
    """Return an approval when all its fields are valid. Raises ValueError naming the first that is not."""
    _check_word("approvals", word)
    return word


def check_rating(rating: Rating) -> Rating:
    """Return a rating when all its fields are valid. Raises ValueError naming the first that is not."""
    _check_word("ratings", rating)
    if rating.stars is not None and not 1 <= rating.stars <= MOST_STARS:
        raise ValueError(f"ratings.stars: {rating.stars} is not a number from 1 to {MOST_STARS}")
    if rating.is_withdrawal and not rating.replaces:
        raise ValueError("ratings: one without stars and note replaces another one")
    return rating


def _check_word(where: str, word: Approval | Rating) -> None:
    """Raise ValueError unless it is valid who said a word, when, and with which note."""
    if not word.by.strip() or not word.by.isprintable() or len(word.by) > MAX_NAME:
        raise ValueError(f"{where}.by: {word.by[:60]!r} is not a name")
    if len(word.note) > MAX_NOTE or not all(letter.isprintable() or letter == "\n" for letter in word.note):
        raise ValueError(f"{where}.note: {word.note[:60]!r} is not a note")
    if not _is_time(word.at):
        raise ValueError(f"{where}.at: {word.at!r} is not a time such as 2026-11-20T12:00:00Z")


def _may_have_id(state: State, *, has_id: bool) -> bool:
    """Say whether a submission of this state can have an id, or can have none."""
    match state:
        case State.DONE | State.PENDING | State.LOST | State.FAILED_CHARGED:
            return True
        case State.FAILED:
            return has_id
        case State.UNKNOWN | State.NOT_CHARGED:
            return not has_id
    assert_never(state)


def _check_output(entry: Entry) -> None:
    assert entry.output is not None
    placed, is_corrected = entry.placed, entry.receipt is not None and entry.receipt.told > 0
    if placed is None and not is_corrected:
        name = "sha256" if entry.output.finished is None else "finished.take"
        raise ValueError(f"output.{name}: it is none of the takes")
    # Audio that came by a wrong id may be at the output until that of the right one replaces it.
    if entry.output.finished is not None:
        _check_path(entry.output.path, "a finished piece", tuple(MEDIA_TYPES))
    elif placed is None:
        _check_path(entry.output.path, ", ".join(EXTENSIONS), tuple(EXTENSIONS.values()))
    else:
        _check_path(entry.output.path, placed.media_type, (EXTENSIONS[placed.media_type],))


def _check_receipt(receipt: Receipt) -> None:
    for held in (receipt.request_id, *receipt.earlier_ids):
        if held is None:
            continue
        text = str(held)
        if len(text) > MAX_ID or not text.isprintable() or " " in text:
            raise ValueError(f"receipt.request_id: {text[:60]!r} is not a valid provider job id")
    if not _is_time(receipt.submitted_at):
        raise ValueError(f"receipt.submitted_at: {receipt.submitted_at!r} is not a time such as 2026-11-20T12:00:00Z")
    if receipt.price_usd is not None and not _is_price(receipt.price_usd):
        raise ValueError(f"receipt.price_usd: {receipt.price_usd!r} is not an amount of dollars")
    if receipt.poll_url is not None and not _is_url(receipt.poll_url):
        raise ValueError(f"receipt.poll_url: {receipt.poll_url!r} is not a link")


def _check_path(path: str, what: str, extensions: tuple[str, ...]) -> None:
    """Check that a path is one that an output may have, above the folder too, with one of these extensions."""
    if _PLAIN_PATH.fullmatch(path) and path.endswith(extensions):
        return
    named = (part for part in path.split("/") if part not in ("", "."))
    parts = tuple(dropwhile(lambda part: part == "..", named))
    if not parts or path.startswith("/") or ".." in parts or "\0" in path:
        raise ValueError(f"the path {path!r} is outside the folder")
    if not parts[-1].endswith(extensions):
        raise ValueError(f"{path!r} is not a path for {what}, whose files end in {' or '.join(extensions)}")


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


@lru_cache(maxsize=64)
def _is_price(text: str) -> bool:
    try:
        price = Decimal(text)
    except InvalidOperation:
        return False
    return price.is_finite() and price >= 0


def _is_url(text: str) -> bool:
    if _PLAIN_URL.fullmatch(text):
        return True
    try:
        parts = urlsplit(text)
        return text.isprintable() and parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False
