"""The world outside, as commands see it: the clock, chance, the network."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from runner.records.limits import DEFAULT_LIMITS
from runner.records.submission import timestamp

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from concurrent.futures import Executor
    from contextlib import AbstractContextManager

    from runner.commands.options import RunOptions
    from runner.provider.downloads import Fetcher
    from runner.provider.transport import Transport
    from runner.records.limits import Limits
    from runner.state.blobs.incoming import Incoming


class World(Struct, frozen=True, kw_only=True):
    """The world outside, injected: tests hand over their own and patch nothing."""

    now: Callable[[], datetime]
    """Wall clock, UTC."""
    monotonic: Callable[[], float]
    token: Callable[[], str]
    """A fresh random name for an attempt."""
    random_below: Callable[[int], int]
    """A random whole number from 0 up to, and without, a limit: for seeds."""
    transport: Callable[[], Transport]
    """Opens the way to providers' APIs; whoever opens it closes it."""
    fetcher: Callable[[Incoming, threading.Event, frozenset[str]], Fetcher]
    """Opens the way to providers' audio: where its files go, what ends its waiting, the providers whose paths may be logged."""
    cpu: Callable[[RunOptions, int], AbstractContextManager[Executor]]
    """Opens what decodes, measures and composes."""
    limits: Limits = DEFAULT_LIMITS
    """Bounds on time, tries and size."""

    def timestamp(self) -> str:
        """Return the time as journal and lock write it."""
        return timestamp(self.now())


def _random_below(limit: int) -> int:
    import secrets  # chance that only `seed: random` needs

    return secrets.randbelow(limit)


def real_world(limits: Limits | None = None) -> World:
    """Return the world as it is, with the usual limits. What needs HTTP is imported when it is opened."""
    bounds = limits or DEFAULT_LIMITS

    def open_transport() -> Transport:
        from runner.provider.transport import HttpTransport

        return HttpTransport(limits=bounds)

    def open_fetcher(incoming: Incoming, stop: threading.Event, shown: frozenset[str]) -> Fetcher:
        from runner.provider.downloads import HttpFetcher

        return HttpFetcher(incoming, stop, shown=shown, limits=bounds)

    def open_cpu(options: RunOptions, tasks: int) -> AbstractContextManager[Executor]:
        from runner.commands.cpu import open_cpu

        return open_cpu(options, tasks)

    return World(
        now=lambda: datetime.now(UTC),
        monotonic=time.monotonic,
        token=lambda: os.urandom(16).hex(),
        random_below=_random_below,
        transport=open_transport,
        fetcher=open_fetcher,
        cpu=open_cpu,
        limits=bounds,
    )
