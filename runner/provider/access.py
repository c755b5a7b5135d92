"""Where each provider lives in this run, and its key."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from runner.errors import UsageError
from runner.provider.addresses import is_loopback
from runner.provider.calls import origin
from runner.provider.keys import Key, find_key
from runner.provider.protocol import answer_limit
from runner.provider.transport import Door

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.records.pipeline import ProviderSettings
    from runner.records.provider import Provider


def open_door(provider: Provider, settings: ProviderSettings | None, env: Mapping[str, str]) -> Door:
    """Return a provider's base URL and key for this run.

    SCOREFILE_<PROVIDER>_BASE_URL wins over `providers` in the pipeline, which wins over the provider's file.
    Raises UsageError for an address that a key may not be sent to, ApiKeyError when the key is missing or malformed.
    """
    base_url = base_url_of(provider, settings, env)
    key = find_key(provider, settings, env)
    return Door(base_url=base_url, auth=provider.auth, key=key, most_bytes=answer_limit(provider))


def rehearsal_door(provider: Provider, url: str) -> Door:
    """Return the door to the emulator, which asks for the header of a key and not for a real one."""
    key = Key("none-needed") if provider.auth else None
    return Door(base_url=url, auth=provider.auth, key=key, most_bytes=answer_limit(provider))


def base_url_of(provider: Provider, settings: ProviderSettings | None, env: Mapping[str, str]) -> str:
    """Return scheme, host and port of a provider in this run. Raises UsageError when it is not an address to use."""
    variable = _variable(provider, "BASE_URL")
    said = env.get(variable)
    where = variable if said else f"providers.{provider.name}.base_url"
    url = (said or (settings.base_url if settings else None) or provider.base_url).rstrip("/")
    if not _is_origin(url):
        raise UsageError(f"{where} is {url!r}", help="write scheme, host and port only: https://gateway.example.com")
    if url.startswith("http://") and not is_loopback(url):
        raise UsageError(f"{where} is plain http", help="a key is sent over https only; http is accepted for loopback")
    return url


def poll_s_of(provider: Provider, settings: ProviderSettings | None, env: Mapping[str, str]) -> float:
    """Return the poll interval of a provider in seconds. Raises UsageError when it is no positive number."""
    variable = _variable(provider, "POLL_S")
    said = env.get(variable)
    if said is None:
        return (settings.poll_s if settings else None) or provider.poll_s
    try:
        seconds = float(said)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 3600:
        raise UsageError(f"{variable} is {said!r}", help="write seconds between 0 and 3600")
    return seconds


def _is_origin(url: str) -> bool:
    """Say whether a URL is scheme, host and port, and nothing else."""
    if origin(url) is None:
        return False
    parts = urlsplit(url)
    return not (parts.path or parts.query or parts.fragment or parts.username)


def _variable(provider: Provider, suffix: str) -> str:
    return f"SCOREFILE_{provider.name.upper().replace('-', '_')}_{suffix}"
