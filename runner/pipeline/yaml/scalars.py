"""What an unquoted YAML scalar means: YAML 1.2, numbers as JSON writes them, everything else is text."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runner.records.source import Json

WORDS: dict[str, Json] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
ODD_NUMBER = re.compile(
    r"""[-+]?(?:
        0[0-9_]+(?:\.[0-9_]*)?                  # 012, read as 10 by some
      | 0[xX][0-9a-fA-F_]+ | 0[oO][0-7_]+ | 0[bB][01_]+
      | [0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?  # +1, 1_000, 1.
      | \.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?      # .5
      | \.(?:inf|Inf|INF)
    ) | \.(?:nan|NaN|NAN)""",
    re.VERBOSE,
)
NUMBER_LEADS = frozenset("-+.0123456789")
MAX_NUMBER = 2**64
MAX_DIGITS = 400


class OddNumberError(ValueError):
    """A scalar that looks like a number but that YAML readers understand differently."""


def plain(text: str) -> Json:
    """Return the JSON value of the unquoted scalar `text`.

    Raises OddNumberError for octal, hexadecimal, grouped, infinite and other ambiguous numbers.
    """
    if text in WORDS:
        return WORDS[text]
    if text[0] not in NUMBER_LEADS:
        return text
    match = NUMBER.fullmatch(text)
    if match is None:
        if ODD_NUMBER.fullmatch(text):
            raise OddNumberError(text)
        return text
    return _number(text, whole=match[1] is None and match[2] is None)


def _number(text: str, *, whole: bool) -> int | float:
    if len(text) > MAX_DIGITS:
        raise OddNumberError(text)
    value = int(text) if whole else float(text)
    if not math.isfinite(value) or abs(value) >= MAX_NUMBER or (value == 0 and text[0] == "-"):
        raise OddNumberError(text)
    return value


def meant(text: str) -> str | None:
    """Return the plain decimal of a number in an unusual form: `1_000` → `1000`, `0x1F` → `31`, `.5` → `0.5`."""
    bare = text.replace("_", "").removeprefix("+")
    repaired = f"0{bare}" if bare.startswith(".") else bare.removesuffix(".")
    try:
        number = int(bare, 0) if bare[:2].lower() in ("0x", "0o", "0b") else plain(repaired)
    except ValueError:
        return None
    return json.dumps(number) if isinstance(number, int | float) and not isinstance(number, bool) else None
