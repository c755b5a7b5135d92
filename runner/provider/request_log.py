"""One log line for each exchange: method, host, path, status, milliseconds, attempt.

Never a key, a query, a header or a body. Where a provider's ids contain personal data, each part of a path that is not in
its provider file is shown as a digest.
"""

from __future__ import annotations

import hashlib
import logging
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from runner.records.provider import Provider

_LOG = logging.getLogger("scorefile.http")
_DIGITS = 12


class ExchangeNotes(Struct):
    """What the exchange adds to its log line."""

    status: int | None = None
    bytes_in: int = 0


def is_logged() -> bool:
    """Return whether exchanges are logged."""
    return _LOG.isEnabledFor(logging.INFO)


@contextmanager
def log_exchange(
    method: str,
    url: str,
    *,
    attempt: int,
    shown: frozenset[str] | None,
    redact: Callable[[str], str] = str,
    bytes_out: int = 0,
) -> Iterator[ExchangeNotes]:
    """Log the exchange that the block makes. `shown` are the path's parts that may be read; None shows them all.

    `redact` takes a key out of a text.
    """
    notes = ExchangeNotes()
    if not is_logged():
        yield notes
        return
    started, failed = time.monotonic(), None
    try:
        yield notes
    except BaseException as error:
        failed = type(error).__name__
        raise
    finally:
        host, path = _host_and_path(url)
        fields = {
            "method": method,
            "host": host,
            "path": redact(readable(path, shown)),
            "status": notes.status,
            "ms": round((time.monotonic() - started) * 1000),
            "attempt": attempt,
            "bytes_out": bytes_out,
            "bytes_in": notes.bytes_in,
            "error": failed if notes.status is None else None,
        }
        _LOG.info("request", extra=fields)


def _host_and_path(url: str) -> tuple[str, str]:
    """Return host and path of a URL, both empty when it is not valid."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", ""
    return parts.netloc.rpartition("@")[2], parts.path


def readable(path: str, shown: frozenset[str] | None) -> str:
    """Return a path with each part that is not in `shown` as a digest."""
    if shown is None:
        return path
    return "/".join(part if not part or part in shown else _digest(part) for part in path.split("/"))


def public_path_parts(provider: Provider) -> frozenset[str] | None:
    """Return the parts of a provider's paths that may be read: None, which is all, unless its ids are private."""
    if not provider.id_is_private:
        return None
    listing = provider.listing.endpoint if provider.listing else None
    cancel = provider.cancel.endpoint if provider.cancel else None
    ends = [end for end in (provider.submit, provider.poll, cancel, listing) if end is not None]
    return frozenset(part for end in ends for part in end.path.split("/") if part and "{" not in part)


def _digest(part: str) -> str:
    return "sha256:" + hashlib.sha256(part.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]
