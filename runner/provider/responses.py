"""Read the raw parts of an HTTP answer: its JSON, its reason, its Retry-After, its id. Nothing in it is trusted."""

from __future__ import annotations

import json
import math
import re
from email.utils import parsedate_to_datetime
from functools import cache
from typing import TYPE_CHECKING

import jmespath
from jmespath.exceptions import JMESPathError

from runner.records.limits import DEFAULT_LIMITS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from jmespath.parser import ParsedResult

    from runner.records.source import Json

MAX_JSON = 1 << 20
MAX_INLINE_AUDIO = 128 << 20
"""The cap where a provider's JSON holds the audio itself (hex, base64, data URL)."""
MAX_ID = 512
MAX_MESSAGE = 300
_NAMES = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*", re.ASCII)
"""A JMESPath of names alone."""
_DATE = re.compile(r"[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT", re.ASCII)
"""The one form of a date that HTTP lets a server send. Of other forms the parser makes impossible dates."""


class BadJsonError(ValueError):
    """The body is not exactly one valid JSON document; the message says why."""


def read_json(body: bytes, *, limit: int = MAX_JSON) -> Json:
    """Parse a body as strict JSON; raise BadJsonError when it is not exactly one valid document."""
    if not body.strip():
        raise BadJsonError("the answer is empty")
    if len(body) > limit:
        raise BadJsonError(f"the answer is longer than {limit >> 10:,} KiB")
    if body.lstrip()[:1] == b"<":
        raise BadJsonError("the answer is a web page, not JSON")
    try:
        return json.loads(body.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant)
    except BadJsonError:
        raise
    except UnicodeDecodeError as error:
        raise BadJsonError("the answer is not UTF-8") from error
    except RecursionError as error:
        raise BadJsonError("the answer is nested too deeply") from error
    except ValueError as error:
        raise BadJsonError("the answer is not JSON") from error


def _once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadJsonError("the answer contains a duplicate key")
    return found


def _no_constant(word: str) -> Json:
    raise BadJsonError(f"the answer contains {word}, which is not JSON")


@cache
def _compiled(path: str) -> ParsedResult:
    return jmespath.compile(path)


def find(path: str | None, document: Json) -> Json:
    """Look up a JMESPath; None when there is no path, no value at it, or the document has another shape."""
    if path is None:
        return None
    if _NAMES.fullmatch(path):
        for name in path.split("."):
            document = document.get(name) if isinstance(document, dict) else None
        return document
    try:
        return _compiled(path).search(document)
    except (JMESPathError, RecursionError):
        return None


def valid_id(value: Json) -> str | None:
    """Return an id as text when it can be used in a URL: 1 to 512 visible characters and no space, or an integer."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    text = str(value)
    fits = 1 <= len(text) <= MAX_ID and text.isprintable() and " " not in text
    return text if fits and text.strip(".") else None


def reason(paths: tuple[str, ...], document: Json) -> str:
    """Find the provider's own reason, cleaned for a terminal and cut to 300 characters; empty when it gives none."""
    for path in paths:
        value = find(path, document)
        if isinstance(value, str) and (text := clean(value)):
            return text
    return ""


def clean(text: str) -> str:
    """Make foreign text one printable line of at most 300 characters."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text[: 4 * MAX_MESSAGE]).split())
    return line if len(line) <= MAX_MESSAGE else line[: MAX_MESSAGE - 1] + "…"


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Read Retry-After in seconds, 0 to 300; a date counts from the answer's own Date. None when absent or invalid."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:9]), DEFAULT_LIMITS.max_retry_after_s)
    then, now = _date(value), _date(headers.get("date", ""))
    if then is None or now is None or then < now:
        return None
    return min((then - now).total_seconds(), DEFAULT_LIMITS.max_retry_after_s)


def _date(text: str) -> datetime | None:
    if not _DATE.fullmatch(text):
        return None
    try:
        return parsedate_to_datetime(text)
    except ValueError:
        return None


def positive(value: Json) -> float | None:
    """Return a finite number above zero, or None."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) and number > 0 else None
