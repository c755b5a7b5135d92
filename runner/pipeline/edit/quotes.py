"""Which quotes a text needs."""

from __future__ import annotations

import re

WORD = re.compile(r"[A-Za-z_/][A-Za-z0-9_./@-]*")
YAML_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
"""Read as null or a boolean: the first three by Scorefile, the others by readers of YAML 1.1."""


def requote(raw: str, value: str) -> str:
    """Return a quoted scalar of one line as it should be written: a word without quotes, other text in double quotes.

    Texts of several words keep their quotes: prose is one comma or colon away from needing them. Single quotes stay
    where double ones would need a backslash.
    """
    if WORD.fullmatch(value) and value.casefold() not in YAML_WORDS:
        return value
    if raw.startswith("'") and '"' not in value and "\\" not in value:
        return f'"{value}"'
    return raw
