"""The address of each provider in this run, and its key."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from runner.errors import UsageError
from runner.frozen import dataclass, replace
from runner.provider.keys import Key, find_key
from runner.records.address import hide_users, may_be_plain, origin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.records.pipeline import ProviderSettings
    from runner.records.provider import Provider

REHEARSAL_POLL_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderAccess:
    """A provider as this run uses it, and the key that is sent to its own host and to no other.

    Base URL, poll interval and number of jobs in flight in `provider` are those of this run.
    """

    provider: Provider
    key: Key | None = None
    rehearsal: bool = False
    """Whether the emulator is meant to answer; in any other run its answers are refused."""

    def redact(self, data: bytes) -> bytes:
        """Return bytes from outside without the key."""
        return data if self.key is None else self.key.redact(data)

    def redact_text(self, text: str) -> str:
        """Return a text without the key."""
        return self.redact(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")


def open_access(provider: Provider, settings: ProviderSettings | None, env: Mapping[str, str]) -> ProviderAccess:
    """Return a provider with its address, limits and key for this run.

    SCOREFILE_<PROVIDER>_BASE_URL and _POLL_S win over `providers` in the pipeline, which wins over the provider's file.
    Raises UsageError for an address to which no key may be sent, ApiKeyError when the key is missing or malformed.
    """
    used = replace(
        provider,
        base_url=base_url_of(provider, settings, env),
        poll_s=poll_s_of(provider, settings, env),
        max_in_flight=_max_in_flight(provider, settings),
    )
    return ProviderAccess(provider=used, key=find_key(provider, settings, env))


def rehearsal_access(provider: Provider, settings: ProviderSettings | None, url: str) -> ProviderAccess:
    """Return access to the emulator, which requires the header of a key but no real key."""
    used = replace(provider, base_url=url, poll_s=REHEARSAL_POLL_S, max_in_flight=_max_in_flight(provider, settings))
    return ProviderAccess(provider=used, key=Key("none-needed") if provider.auth else None, rehearsal=True)


def local_access(provider: Provider, settings: ProviderSettings | None) -> ProviderAccess:
    """Return access to models that run on this machine: they have no address and need no key."""
    return ProviderAccess(provider=replace(provider, max_in_flight=_max_in_flight(provider, settings)))


def _max_in_flight(provider: Provider, settings: ProviderSettings | None) -> int:
    return (settings.max_in_flight if settings else None) or provider.max_in_flight


def base_url_of(provider: Provider, settings: ProviderSettings | None, env: Mapping[str, str]) -> str:
    """Return scheme, host and port of a provider in this run. Raises UsageError when it is not a usable address."""
    value = user_url(provider, env)
    where = _variable(provider, "BASE_URL") if value else f"providers.{provider.name}.base_url"
    url = value or project_url(provider, settings)
    if not _is_origin(url):
        raise UsageError(
            f"{where} is {hide_users(url)!r}, not scheme, host and port",
            help="write for example https://gateway.example.com",
        )
    if url.startswith("http://") and not may_be_plain(url):
        raise UsageError(f"{where} is plain http", help="use https; http is for this machine and private networks")
    return url


def user_url(provider: Provider, env: Mapping[str, str]) -> str | None:
    """Return the address that the user's environment gives a provider, unchecked; None when it gives none."""
    return env.get(_variable(provider, "BASE_URL"), "").rstrip("/") or None


def project_url(provider: Provider, settings: ProviderSettings | None) -> str:
    """Return the address that pipeline and provider file give a provider."""
    return ((settings.base_url if settings else None) or provider.base_url).rstrip("/")


def poll_s_of(provider: Provider, settings: ProviderSettings | None, env: Mapping[str, str]) -> float:
    """Return the poll interval of a provider in seconds. Raises UsageError when it is no positive number."""
    variable = _variable(provider, "POLL_S")
    value = env.get(variable)
    if value is None:
        return (settings.poll_s if settings else None) or provider.poll_s
    try:
        seconds = float(value)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 3600:
        raise UsageError(f"{variable} is {value!r}, not seconds between 0 and 3600", help="write for example 5")
    return seconds


def _is_origin(url: str) -> bool:
    """Return whether a URL is scheme, host and port, and nothing else."""
    if origin(url) is None:
        return False
    parts = urlsplit(url)
    return not (parts.path or parts.query or parts.fragment or parts.username)


def _variable(provider: Provider, suffix: str) -> str:
    return f"SCOREFILE_{provider.name.upper().replace('-', '_')}_{suffix}"
