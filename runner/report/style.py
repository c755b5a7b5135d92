"""Colour, and when there is any; text made safe for a terminal."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

Role: TypeAlias = Literal["error", "warning", "help", "gutter", "strong", "add", "change", "bring", "dim"]

_CODES: Mapping[Role, str] = {
    "error": "1;31",
    "warning": "1;33",
    "help": "1;36",
    "gutter": "1;34",
    "strong": "1",
    "add": "32",
    "change": "33",
    "bring": "36",
    "dim": "2",
}
_OWN_COLORS = re.compile(rf"(\x1b\[(?:0|{'|'.join(_CODES.values())})m)")
_BLANKS = re.compile(r"\s*[\t\n\r\v\f\x1c-\x1f\x85\u2028\u2029]\s*")


def paint(text: str, role: Role, *, on: bool) -> str:
    """Return `text` in the colour of its role, or as it is when colour is off."""
    return f"\x1b[{_CODES[role]}m{text}\x1b[0m" if on and text else text


def wants_color(choice: str, *, is_terminal: bool, env: Mapping[str, str]) -> bool:
    """Say whether to write colour: --color first, then NO_COLOR, FORCE_COLOR, TERM=dumb, CLICOLOR, then the terminal."""
    if choice in ("always", "never"):
        return choice == "always"
    if env.get("NO_COLOR"):
        return False
    forced = env.get("FORCE_COLOR") or env.get("CLICOLOR_FORCE")
    if forced:
        return forced != "0"
    if env.get("TERM") == "dumb" or env.get("CLICOLOR") == "0":
        return False
    return is_terminal


def clean(text: str) -> str:
    """Return `text` on one line, without characters that would control a terminal or reverse its direction."""
    text = _BLANKS.sub(" ", text)
    return text if text.isprintable() else "".join(map(visible, text))


def printable(text: str, *, color: bool) -> str:
    """Return lines of text as they may reach a terminal, whoever wrote them: nothing in them steers it.

    With `color` the colors of `paint` are kept, and no other sequence is.
    """
    pieces = _OWN_COLORS.split(text) if color else [text]
    return "".join(piece if number % 2 else _visible_lines(piece) for number, piece in enumerate(pieces))


def _visible_lines(text: str) -> str:
    if text.replace("\n", "").isprintable():
        return text
    return "".join(character if character == "\n" else visible(character) for character in text)


def visible(character: str) -> str:
    """Return a character as it may be printed; one that steers becomes U+FFFD. Joiners inside words are kept."""
    if character.isprintable() or character in "\u200c\u200d":
        return character
    return " " if unicodedata.category(character) == "Zs" else "\N{REPLACEMENT CHARACTER}"
