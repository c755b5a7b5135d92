"""Keys: a type that never prints, and that redacts itself from foreign text."""

from __future__ import annotations

import re
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
_BEFORE = r"(?:(?<![^\s\"'(\[<])|(?<=\\[nrtbf]))"
_BEHIND = r"(?=[.,;:!?]?(?:[\s\"'()\[\]<>\\]|\Z))"


class Key:
    """One API key. It prints as ***; `reveal` is called by the transport alone."""

    __slots__ = ("_forms", "_value")

    def __init__(self, value: str) -> None:
        self._value = value
        self._forms: re.Pattern[str] | None = None

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __reduce__(self) -> str:
        raise TypeError("a key cannot be pickled")

    def reveal(self) -> str:
        """Return the key itself, to be written into a header and nowhere else."""
        return self._value

    def redact(self, text: bytes) -> bytes:
        """Return a foreign text without this key, however JSON, a URL, HTML or UTF-16 spells it.

        The raw text is changed, so no later decoding finds the key. A short key is not searched in binary data, where it
        would be found by chance.
        """
        if len(self._value) < SHORT and not _is_text(text):
            return text
        if self._forms is None:
            self._forms = _forms(self._value)
        return self._forms.sub("***", text.decode("latin-1")).encode("latin-1")


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _forms(value: str) -> re.Pattern[str]:
    """Return a pattern for every spelling of a key, character by character; its bounds keep it fast."""
    found = r"\x00{0,3}".join(_spellings(char) for char in value)
    return re.compile(_BEFORE + found + _BEHIND if len(value) < SHORT else found)


def _spellings(char: str) -> str:
    number = ord(char)
    ways = [
        rf"{_SLASHES}{{0,8}}{re.escape(char)}",
        rf"{_SLASHES}{{1,8}}(?i:u00{number:02x})",
        rf"%(?:25){{0,4}}(?i:{number:02x})",
        rf"&\#0{{0,4}}{number};",
        rf"(?i:&\#x0{{0,4}}{number:x};)",
    ]
    if char in _NAMES:
        ways.append(_NAMES[char])
    return f"(?:{'|'.join(ways)})"


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
