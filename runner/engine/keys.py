"""Keys: a type that never prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.errors import KeyProblem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.records import Provider, ProviderSettings

_MAX_LENGTH = 4096


class Key:
    """One API key. It prints as ***; `reveal` is called by the transport alone."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __reduce__(self) -> str:
        raise TypeError("a key is not copied out of its process")

    def reveal(self) -> str:
        """Return the key itself, to be written into a header and nowhere else."""
        return self._value


def key_variable(provider: Provider, settings: ProviderSettings | None) -> str | None:
    """Return the name of the environment variable that holds this provider's key; None when it needs none."""
    if provider.auth is None:
        return None
    return (settings.api_key_env if settings else None) or provider.auth.env


def find_key(provider: Provider, settings: ProviderSettings | None, env: Mapping[str, str]) -> Key | None:
    """Return the provider's key from the environment, checked; None when the provider needs none.

    Raises KeyProblem when it is missing or could not stand in a header. No message holds any part of it.
    """
    name = key_variable(provider, settings)
    if name is None:
        return None
    value = env.get(name, "")
    if not value:
        raise KeyProblem(
            f"{provider.title} needs a key, and {name} is not set",
            help=f"set {name} in the environment, or try the same pipeline for free: add --rehearse",
        )
    if value != value.strip():
        raise KeyProblem(
            f"{name} begins or ends with white space (often a newline at the end of a CI secret)",
            help=f"store {name} without it",
        )
    if not (value.isascii() and value.isprintable()) or " " in value or len(value) > _MAX_LENGTH:
        raise KeyProblem(
            f"{name} holds characters that cannot stand in an HTTP header",
            help=f"copy {name} again from the vendor's console",
        )
    return Key(value)
