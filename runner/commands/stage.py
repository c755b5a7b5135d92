"""What a run stands on, opened before its first job and closed after its last."""

from __future__ import annotations

import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from runner.commands.targets import resolving
from runner.emulator.serve import rehearsal_emulator
from runner.engine.callbacks import listening
from runner.engine.effects import RunSettings, World
from runner.engine.executor import Executor
from runner.plan.budget import Budget
from runner.provider.access import local_access, open_access, rehearsal_access
from runner.provider.downloads import HttpFetcher
from runner.provider.transport import HttpTransport
from runner.state.project import schema_folders

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator
    from decimal import Decimal

    from runner.catalog.models import Catalog
    from runner.commands.options import Ask, Checked, RunOptions
    from runner.engine.callbacks import Listener
    from runner.engine.effects import Progress
    from runner.provider.access import ProviderAccess
    from runner.records.plan import Plan
    from runner.state.store import StateStore


@contextmanager
def executor(
    checked: Checked,
    todo: Plan,
    ask: Ask,
    options: RunOptions,
    *,
    store: StateStore,
    budget: Decimal | None,
    stop: threading.Event,
    notify: Callable[[Progress], None],
) -> Iterator[Executor]:
    """Yield the executor of a plan with providers, network and callbacks open.

    Raises KeyProblem or UsageError before anything is sent.
    """
    with ExitStack() as stack:
        listener = None
        if options.listen is not None:
            listener = stack.enter_context(listening(options.listen, options.public_url, options.limits))
        terms = _terms(stack, checked, todo, ask, options, Budget(limit=budget), listener)
        world = _world(stack, store, options, stop, checked.catalog)
        running = Executor(todo, terms, world, store, notify)
        if listener is not None:
            listener.wake = running.wake
        yield running


def _world(stack: ExitStack, store: StateStore, options: RunOptions, stop: threading.Event, catalog: Catalog) -> World:
    shown = {name for name, provider in catalog.providers.items() if not provider.id_is_private}
    transport, fetcher = (
        HttpTransport(limits=options.limits),
        HttpFetcher(store.blobs, stop, shown=shown, limits=options.limits),
    )
    stack.callback(transport.close)
    stack.callback(fetcher.close)
    cpu = stack.enter_context(ThreadPoolExecutor(max_workers=max(2, options.jobs // 2), thread_name_prefix="cpu"))
    return World(
        now=lambda: datetime.now(UTC),
        monotonic=time.monotonic,
        token=lambda: secrets.token_hex(16),
        transport=transport,
        fetcher=fetcher,
        cpu=cpu,
        limits=options.limits,
        stop=stop,
    )


def _terms(
    stack: ExitStack,
    checked: Checked,
    todo: Plan,
    ask: Ask,
    options: RunOptions,
    budget: Budget,
    listener: Listener | None,
) -> RunSettings:
    """Open the providers that will be used; in a rehearsal all but those of this machine lead to the emulator."""
    used = {action.request.model.provider for action in (*todo.actions, *todo.collect) if action.verb.asks}
    return RunSettings(
        providers=_access(stack, checked, ask, sorted(used)),
        jobs=options.jobs,
        budget=budget,
        fail_fast=options.fail_fast,
        resolving=lambda job: resolving(ask, job),
        callback=listener.address if listener is not None else None,
    )


def _access(stack: ExitStack, checked: Checked, ask: Ask, names: list[str]) -> dict[str, ProviderAccess]:
    settings, providers = checked.pipeline.providers, checked.catalog.providers
    local = {name: local_access(providers[name], settings.get(name)) for name in names if providers[name].mode.is_local}
    remote = [name for name in names if name not in local]
    if not ask.rehearse:
        return local | {name: open_access(providers[name], settings.get(name), ask.env) for name in remote}
    if not remote:
        return local
    url = stack.enter_context(rehearsal_emulator(schema_folders(checked.project.folder)))
    return local | {name: rehearsal_access(providers[name], settings.get(name), url) for name in remote}
