"""Check that every field of a lock entry has a value that this program could have written.

People edit, merge and copy locks. Whatever is wrong is reported with its place when the lock is read, before a run has
paid for anything.
"""

from __future__ import annotations

import math
import re
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from itertools import dropwhile
from typing import TYPE_CHECKING, assert_never
from urllib.parse import urlsplit

from runner.records.lock import State
from runner.records.media_types import EXTENSIONS, MEDIA_TYPES
from runner.records.rating import MOST_STARS

if TYPE_CHECKING:
    from runner.records.approval import Approval
    from runner.records.lock import Entry, Finished, Receipt, Take
    from runner.records.measured import Measured, Sound
    from runner.records.rating import Rating

MAX_ID = 512
_ATTEMPT = re.compile(r"[A-Za-z0-9_-]{1,80}")
MAX_NAME, MAX_NOTE = 200, 2000
_WORD = re.compile(r"[0-9a-f]{16}")
_FINGERPRINT = re.compile(r"sha256:[0-9a-f]{64}")
_PLAIN_URL = re.compile(r"https?://[a-z0-9][a-z0-9.-]*(?::[0-9]{1,5})?(?:/[A-Za-z0-9/._~=&?-]*)?")
"""What most links look like: for these nothing has to be parsed."""


def check_entry(entry: Entry) -> Entry:
    """Return the entry when all its fields are valid. Raises ValueError naming the first that is not."""
    check_attempt(entry.attempt)
    if entry.revision < 0:
        raise ValueError(f"revision: {entry.revision} is less than 0")
    if bool(entry.roll) != (entry.roll_of is not None):
        raise ValueError("roll: it comes with roll_of, and roll_of with it")
    if entry.roll_of is not None and not _FINGERPRINT.fullmatch(entry.roll_of):
        raise ValueError(f"roll_of: {entry.roll_of[:80]!r} is not a fingerprint")
    if entry.receipt is not None:
        _check_receipt(entry.receipt)
    elif entry.state is not State.DONE:
        raise ValueError(f"receipt: a submission that is {entry.state} needs one")
    if entry.receipt is not None and not _may_have_id(entry.state, has_id=entry.request_id is not None):
        why = "has no provider job id" if entry.request_id is not None else "needs the provider job id"
        raise ValueError(f"receipt.request_id: a submission that is {entry.state} {why}")
    if bool(entry.takes) != (entry.state is State.DONE):
        raise ValueError(f"takes: a submission that is {entry.state} has {len(entry.takes)}")
    for take in entry.takes:
        try:
            _check_take(take)
        except ValueError as error:
            raise ValueError(f"take {take.number}: {error}") from error
    if entry.output is not None:
        _check_output(entry)
    return entry


def check_attempt(name: object) -> str:
    """Return the name of an attempt. Raises ValueError when it is none."""
    if not isinstance(name, str) or not _ATTEMPT.fullmatch(name):
        raise ValueError(f"attempt: {str(name)[:60]!r} is not a name of letters, digits, - and _")
    return name


def check_approval(word: Approval) -> Approval:
    """Return an approval when all its fields are valid. Raises ValueError naming the first that is not."""
    _check_word("approvals", word)
    if not all(map(_WORD.fullmatch, word.withdraws)):
        raise ValueError("approvals.withdraws: an approval is named by 16 hex digits")
    return word


def check_rating(rating: Rating) -> Rating:
    """Return a rating when all its fields are valid. Raises ValueError naming the first that is not."""
    _check_word("ratings", rating)
    if rating.stars is not None and not 1 <= rating.stars <= MOST_STARS:
        raise ValueError(f"ratings.stars: {rating.stars} is not a number from 1 to {MOST_STARS}")
    if not all(map(_WORD.fullmatch, rating.replaces)):
        raise ValueError("ratings.replaces: a rating is named by 16 hex digits")
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
        case State.UNKNOWN | State.NOT_CHARGED:
            return not has_id
        case State.FAILED:
            return has_id
        case State.PENDING | State.LOST | State.FAILED_CHARGED | State.DONE:
            return True
    assert_never(state)


def _check_output(entry: Entry) -> None:
    assert entry.output is not None
    placed, is_corrected = entry.placed, entry.receipt is not None and entry.receipt.told > 0
    if placed is None and not is_corrected:
        name = "sha256" if entry.output.finished is None else "finished.take"
        raise ValueError(f"output.{name}: it is none of the takes")
    # Audio that came by a wrong id may be at the output until that of the right one replaces it.
    if entry.output.finished is not None:
        _check_finished(entry.output.finished)
        _check_path(entry.output.path, "a finished piece", tuple(MEDIA_TYPES))
    elif placed is None:
        _check_path(entry.output.path, ", ".join(EXTENSIONS), tuple(EXTENSIONS.values()))
    else:
        _check_path(entry.output.path, placed.media_type, (EXTENSIONS[placed.media_type],))


def _check_finished(finished: Finished) -> None:
    if not _FINGERPRINT.fullmatch(finished.master):
        raise ValueError(f"output.finished.master: {finished.master[:60]!r} is not a fingerprint")
    try:
        _check_audio(finished.bytes, finished.sound)
    except ValueError as error:
        raise ValueError(f"output.finished: {error}") from error


def _check_receipt(receipt: Receipt) -> None:
    for held in (receipt.request_id, *receipt.earlier_ids):
        text = "" if held is None else str(held)
        if len(text) > MAX_ID or not text.isprintable() or " " in text:
            raise ValueError(f"receipt.request_id: {text[:60]!r} is not a valid provider job id")
    if receipt.told < 0:
        raise ValueError(f"receipt.told: {receipt.told} is less than 0")
    if not _is_time(receipt.submitted_at):
        raise ValueError(f"receipt.submitted_at: {receipt.submitted_at!r} is not a time such as 2026-11-20T12:00:00Z")
    if receipt.price_usd is not None and not _is_price(receipt.price_usd):
        raise ValueError(f"receipt.price_usd: {receipt.price_usd!r} is not an amount of dollars")
    if receipt.poll_url is not None and not _is_url(receipt.poll_url):
        raise ValueError(f"receipt.poll_url: {receipt.poll_url!r} is not a link")


def _check_audio(size: int, sound: Sound | Take) -> None:
    if size < 0:
        raise ValueError("bytes: a size cannot be negative")
    if not math.isfinite(sound.seconds) or sound.seconds < 0:
        raise ValueError(f"seconds: {sound.seconds} is not a length")
    _check_measured(sound.measured)
    if sound.rate_hz < 1 or sound.channels < 1:
        raise ValueError("rate_hz and channels are counted from 1")


def _check_take(take: Take) -> None:
    _check_audio(take.bytes, take)
    if take.number < 1:
        raise ValueError("number: takes are counted from 1")


def _check_measured(measured: Measured) -> None:
    for name, noun in _MEASURES.items():
        value = getattr(measured, name)
        if value is not None and not (math.isfinite(value) and (value >= 0 or name in _BELOW_ZERO)):
            raise ValueError(f"{name}: {value} is not {noun}")


_MEASURES = {
    "lufs": "a loudness",
    "lra_lu": "a loudness range",
    "true_peak_dbtp": "a peak",
    "head_silence_s": "a length",
    "tail_silence_s": "a length",
    "clipped_samples": "a count",
    "dc_offset": "an offset",
    "bpm": "a tempo",
}
_BELOW_ZERO = {"lufs", "true_peak_dbtp", "dc_offset"}


def _check_path(path: str, what: str, extensions: tuple[str, ...]) -> None:
    """Check that a path is one that an output may have, above the folder too, with one of these extensions."""
    named = (part for part in path.split("/") if part not in ("", "."))
    parts = tuple(dropwhile(lambda part: part == "..", named))
    if not parts or path.startswith("/") or ".." in parts or "\0" in path:
        raise ValueError(f"the path {path!r} is outside the folder")
    if not parts[-1].endswith(extensions):
        raise ValueError(f"{path!r} is not a path for {what}, whose files end in {' or '.join(extensions)}")


@lru_cache(maxsize=64)
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
