"""Keys: a type that never prints, and that redacts itself from foreign text."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import TYPE_CHECKING

from runner.errors import ApiKeyError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.records.pipeline import ProviderSettings
    from runner.records.provider import Provider

_MAX_LENGTH = 4096
SHORT = 12
"""A key of fewer characters may be part of an ordinary word, an id or a path, and is redacted only where it is a word of its own."""
_NAMES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;"}
_SLASHES = r"(?:\\(?:u005[cC])?)"
"""A backslash of JSON, itself escaped or not: JSON inside JSON has many."""
_BREAKS = r"[\x00\r\n\t ]|\\{1,8}[nrt]|%0[adAD]|=\r?\n|<br ?/?>"
_BREAK = rf"(?:{_BREAKS}){{0,6}}"
"""What may come between two characters: the other bytes of UTF-16, and the end of a line that was wrapped."""
_IN_BASE64 = {"+": "(?:[+-]|%2[bB])", "/": r"(?:[/_]|\\/|%2[fF])"}
_BEFORE = r"(?:(?<![^\s\"'(\[<])|(?<=\\[nrtbf]))"
_BEHIND = r"(?=[.,;:!?]?(?:[\s\"'()\[\]<>\\]|\Z))"
_END = 4
"""By the last signs of a key a text without it is known; keys of one provider often begin alike."""


class Key:
    """One API key. It prints as ***; `reveal` is called by the transport alone."""

    __slots__ = ("_forms", "_value")

    def __init__(self, value: str) -> None:
        self._value = value
        self._forms: list[_Form] | None = None

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __reduce__(self) -> str:
        raise TypeError("a key cannot be pickled")

    def reveal(self) -> str:
        """Return the key itself, to be written into a header and nowhere else."""
        return self._value

    def redact(self, text: bytes) -> bytes:
        """Return a foreign text without this key, however JSON, a URL, HTML or UTF-16 spells it, in base64 and in hex too.

        The raw text is changed, so no later decoding finds the key. In binary data a short key is not searched, since it
        would be found by chance, and neither are base64 and hex, which are ways to write text.
        """
        is_short, is_text = len(self._value) < SHORT, _is_text(text)
        if is_short and not is_text:
            return text
        if self._forms is None:
            self._forms = [_spelled(self._value), *([] if is_short else _encoded(self._value.encode()))]
        found = text.decode("latin-1")
        for form in self._forms if is_text else self._forms[:1]:
            found = form.redact(found)
        return found.encode("latin-1")


class _Form:
    """One way to write a key: a pattern for each sign, and one for what may come between two.

    To build the pattern of a whole key takes milliseconds of each start, so it waits for a text in which the key ends.
    """

    __slots__ = ("_ending", "_pattern", "_whole")

    def __init__(self, signs: list[str], between: str, *, before: str = "", behind: str = "") -> None:
        self._ending = re.compile(between.join(signs[-_END:]))
        self._pattern = before + between.join(signs) + behind
        self._whole: re.Pattern[str] | None = None

    def redact(self, text: str) -> str:
        """Return the text without the key."""
        if self._ending.search(text) is None:
            return text
        self._whole = self._whole or re.compile(self._pattern)
        return self._whole.sub("***", text)


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _spelled(value: str) -> _Form:
    """Return every spelling of a key, character by character; its bounds keep it fast."""
    before, behind = (_BEFORE, _BEHIND) if len(value) < SHORT else ("", "")
    return _Form([_spellings(char) for char in value], _BREAK, before=before, behind=behind)


def _spellings(char: str) -> str:
    """Return a pattern for every spelling of one character; letters in either case, since headers and names change it."""
    same = {char, char.lower(), char.upper()}
    numbers = sorted(map(ord, same))
    ways = [
        rf"{_SLASHES}{{0,8}}[{''.join(map(re.escape, sorted(same)))}]",
        rf"{_SLASHES}{{1,8}}(?i:u00(?:{'|'.join(f'{number:02x}' for number in numbers)}))",
        rf"%(?:25){{0,4}}(?i:{'|'.join(f'{number:02x}' for number in numbers)})",
        rf"&\#0{{0,4}}(?:{'|'.join(map(str, numbers))});",
        rf"(?i:&\#x0{{0,4}}(?:{'|'.join(f'{number:x}' for number in numbers)});)",
    ]
    if char in _NAMES:
        ways.append(_NAMES[char])
    return f"(?:{'|'.join(ways)})"


def _encoded(value: bytes) -> list[_Form]:
    """Return a key in hex and, wherever in a longer text it began, in base64."""
    signs = [f"(?i:{re.escape(bytes([byte]).hex())})" for byte in value]
    # Never a repetition inside another one: what nearly is the key would take time without end.
    between = rf"(?:[:,%-]|0x|\\x|{_BREAKS}){{0,6}}"
    forms = [_Form(signs, between)]
    for shift in range(3):
        # The first and the last signs also hold bits of the neighbours: only those between are the key's alone.
        end = (shift + len(value)) // 3 * 4
        inner = b64encode(b"\0" * shift + value)[4 if shift else 0 : end].decode()
        forms.append(_Form([_IN_BASE64.get(sign, re.escape(sign)) for sign in inner], _BREAK))
    return forms


def key_variable(provider: Provider, settings: ProviderSettings | None) -> str | None:
    """Return the name of the environment variable that holds this provider's key; None when it needs none."""
    if provider.auth is None:
        return None
    return (settings.api_key_env if settings else None) or provider.auth.env


def find_key(provider: Provider, settings: ProviderSettings | None, env: Mapping[str, str]) -> Key | None:
    """Return the provider's key from the environment, checked; None when the provider needs none.

    Raises ApiKeyError when it is missing or not valid in a header. No message contains any part of it.
    """
    name = key_variable(provider, settings)
    if name is None:
        return None
    value = env.get(name, "")
    if not value:
        raise ApiKeyError(
            f"{provider.title} needs a key, and {name} is not set",
            help=f"set {name} in the environment, or try the same pipeline for free: add --rehearse",
        )
    if value != value.strip():
        raise ApiKeyError(
            f"{name} begins or ends with white space (often a newline at the end of a CI secret)",
            help=f"store {name} without it",
        )
    if not (value.isascii() and value.isprintable()) or " " in value or len(value) > _MAX_LENGTH:
        raise ApiKeyError(
            f"{name} contains characters that are not allowed in an HTTP header",
            help=f"copy {name} again from the provider's console",
        )
    return Key(value)
