"""Names that speak of secrets: what is written under such a key is not shown, and such a variable is not for templates."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from runner.records.address import hide_users

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from runner.records.source import DocPath, Json

HIDDEN: Final = "***"
LEAST_CHARACTERS: Final = 8
"""A shorter value of a secret is part of many a word, and is not looked for."""
VARIABLE: Final = re.compile(
    r"(?:^|_)KEYS?(?:_|$)|(?:API|ACCESS|PRIVATE|SIGNING)_?KEY|TOKEN|SECRET|PASSW|PASSPHRASE|CREDENTIAL", re.IGNORECASE
)
NAME: Final = (
    r"[\w-]{0,40}?(?:api[_-]?key|token|secret|passwo?r?d|passphrase|credentials?)|authorization|headers|cookie"
)
KEY: Final = re.compile(NAME, re.IGNORECASE)
FLOW: Final = r"(?!\{\s*\}|\[\s*\])(?:\{[^{}\[\]\n]*\}|\[[^{}\[\]\n]*\]|[{\[|>].*)"
PLAIN: Final = r"[^\s,{}\[\]\"'|>][^,}\n]*"
ASSIGNED: Final = re.compile(
    rf"""(?<![\w-])(?:{NAME})["']?\s*[:=]\s*(?P<value>"(?:[^"\\]|\\.)*|'[^']*|{FLOW}|{PLAIN})""", re.IGNORECASE
)
SIGN: Final = re.compile(r"[^\s\"']")


def speaks_of_secret(variable: str) -> bool:
    """Say whether an environment variable is named like a key, a token, a secret, a password or a credential."""
    return VARIABLE.search(variable) is not None


def is_sensitive(path: DocPath) -> bool:
    """Say whether the value at a place is never shown, whatever it looks like."""
    return any(isinstance(part, str) and KEY.fullmatch(part) for part in path)


def hidden(path: DocPath, value: Json) -> Json:
    """Return a value as messages may show it: under a sensitive key three stars, but for lists and mappings."""
    return HIDDEN if is_sensitive(path) and isinstance(value, str | int | float) else value


def hide_assigned(text: str) -> str:
    """Return `text`, of the same length, without what is written under sensitive keys and without users in URLs."""
    return ASSIGNED.sub(_starred, hide_users(text))


def _starred(found: re.Match[str]) -> str:
    value = found["value"]
    return found[0][: -len(value)] + SIGN.sub("*", value)


def secrets_of(env: Mapping[str, str], variables: Iterable[str]) -> dict[str, str]:
    """Return the secrets of an environment by name: the providers' `variables`, and all that are named like secrets."""
    names = {*variables, *filter(speaks_of_secret, env)}
    found = {name: env.get(name, "").strip() for name in sorted(names)}
    return {name: value for name, value in found.items() if len(value) >= LEAST_CHARACTERS}


def held(value: Json, secrets: Mapping[str, str]) -> str | None:
    """Return the name of a secret whose value stands in a JSON value; None when there is none."""
    texts = list(texts_in(value))
    return next((name for name, secret in secrets.items() if any(secret in text for text in texts)), None)


def texts_in(value: Json) -> Iterator[str]:
    """Yield every text in a JSON value, the names of its fields included."""
    match value:
        case str():
            yield value
        case list() | tuple():
            for item in value:
                yield from texts_in(item)
        case dict():
            for name, item in value.items():
                yield name
                yield from texts_in(item)
