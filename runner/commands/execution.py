"""What a run needs, opened before its first job and closed after its last: keys, network, callbacks, threads."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from runner.engine.effects import RunSettings
from runner.engine.effects import World as EngineWorld
from runner.engine.executor import Executor
from runner.provider.access import local_access, rehearsal_access
from runner.state.pace import Pace
from runner.state.schemas import schema_folders

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from runner.commands.options import Operator, RunOptions
    from runner.commands.session import Session, WritingSession
    from runner.provider.access import ProviderAccess
    from runner.records.plan import Plan


@contextmanager
def open_executor(
    session: WritingSession, todo: Plan, options: RunOptions, operator: Operator, *, budget: Decimal | None
) -> Iterator[Executor]:
    """Yield the executor of a plan with keys, network and callbacks open.

    Raises UntrustedError, ApiKeyError or UsageError before anything is sent.
    """
    with ExitStack() as stack:
        listener = None
        if options.listen is not None:
            from runner.engine.callbacks import listening

            listener = stack.enter_context(listening(options.listen, options.public_url, session.world.limits))
        pace = Pace(session.project.state, session.world.now())
        settings = RunSettings(
            providers=_access(stack, session, todo),
            jobs=options.jobs,
            budget_usd=budget,
            slots=pace.slots,
            fail_fast=options.fail_fast,
            profile=session.checked.pipeline.profile,
            callback=listener.address if listener is not None else None,
        )
        tasks = sum(action.verb.asks for action in todo.actions)
        world = _engine_world(stack, session, options, operator, tasks)
        executor = Executor(todo, settings, world, session.store, operator.notify)
        if listener is not None:
            listener.wake = executor.wake
        stack.callback(lambda: pace.keep(executor.slots))
        yield executor


def _engine_world(
    stack: ExitStack, session: WritingSession, options: RunOptions, operator: Operator, tasks: int
) -> EngineWorld:
    world, providers = session.world, session.catalog.providers
    shown = frozenset(name for name, provider in providers.items() if not provider.id_is_private)
    transport, fetcher = world.transport(), world.fetcher(session.store.blobs.incoming, operator.stop, shown)
    stack.callback(transport.close)
    stack.callback(fetcher.close)
    cpu = stack.enter_context(world.cpu(options, tasks))
    return EngineWorld(
        now=world.now,
        monotonic=world.monotonic,
        token=world.token,
        transport=transport,
        fetcher=fetcher,
        cpu=cpu,
        limits=world.limits,
        stop=operator.stop,
        folder=session.project.folder,
    )


def _access(stack: ExitStack, session: Session, todo: Plan) -> dict[str, ProviderAccess]:
    """Open the providers that will be used; in a rehearsal all but those of this machine lead to the emulator."""
    used = {action.request.model.provider for action in (*todo.actions, *todo.collect) if action.verb.asks}
    providers, settings = session.catalog.providers, session.settings
    local = {name: local_access(providers[name], settings.get(name)) for name in used if providers[name].mode.is_local}
    remote = sorted(used - set(local))
    if not session.options.rehearse:
        return local | {name: session.access(providers[name]) for name in remote}
    if not remote:
        return local
    from runner.emulator.serve import rehearsal_emulator

    url = stack.enter_context(rehearsal_emulator(schema_folders(session.project.folder)))
    return local | {name: rehearsal_access(providers[name], settings.get(name), url) for name in remote}
