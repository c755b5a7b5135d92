"""A project, opened: what every command works on."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager, suppress
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from runner.errors import InvalidFilesError, UsageError
from runner.report.commands import quoted
from runner.state.project import find_project, prepare_state
from runner.state.schemas import read_catalog, schema_folders

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from runner.catalog.models import Catalog
    from runner.commands.check import Checked
    from runner.commands.facts import StoredTakes
    from runner.commands.options import CommandOptions
    from runner.commands.targets import Targets
    from runner.commands.world import World
    from runner.plan.facts import Facts
    from runner.plan.selection import Wanted
    from runner.provider.access import ProviderAccess
    from runner.provider.client import ProviderClient
    from runner.provider.trust import Binding
    from runner.records.lock import Lock
    from runner.records.pipeline import ProviderSettings
    from runner.records.plan import Plan
    from runner.records.provider import Provider
    from runner.records.source import Json
    from runner.records.submission import Event, Phase, Submission
    from runner.state.agreement import Agreement
    from runner.state.project import Project
    from runner.state.reconcile import Reconciled
    from runner.state.store import StateStore


def open_session(
    options: CommandOptions, world: World | None = None, *, pipeline_may_be_missing: bool = False
) -> Session:
    """Open the project that a command line names, for reading. Raises UsageError when there is none."""
    from runner.commands.world import real_world

    _refuse_plan(options.file)
    project = find_project(
        options.file, rehearsal=options.rehearse, env=options.env, may_be_missing=pipeline_may_be_missing
    )
    return Session(options, project, world or real_world())


def _refuse_plan(file: str | None) -> None:
    """Raise UsageError when a file is a saved plan, and not the pipeline that is asked for."""
    if file is None or not file.endswith(".json"):
        return
    from runner.report.saved import is_saved

    with suppress(OSError, UnicodeDecodeError):
        if is_saved(Path(file).read_text(encoding="utf-8")):
            raise UsageError(f"{file} is a saved plan", help=f"scorefile run {quoted(file)} does what it says")


class Session:
    """A project opened for reading. Each part is read when it is first asked for, and once.

    A part that cannot be read raises when it is asked for: a command that does not need it works with a broken
    pipeline or a damaged lock.
    """

    def __init__(self, options: CommandOptions, project: Project, world: World) -> None:
        self.options = options
        self.project = project
        self.world = world

    # ------------------------------------------------------------ what people wrote

    @cached_property
    def catalog(self) -> Catalog:
        """All models and providers. Raises InvalidFilesError for a file of theirs that is wrong."""
        return read_catalog(schema_folders(self.project.folder))

    @property
    def checked(self) -> Checked:
        """The pipeline and its requests. Raises InvalidFilesError with every problem; with `strict`, warnings are problems."""
        if isinstance(self._read, InvalidFilesError):
            raise self._read
        if self.options.strict and self._read.warnings:
            raise InvalidFilesError(self._read.warnings)
        return self._read

    @property
    def declared(self) -> Checked | None:
        """The pipeline and its requests; None when it is wrong, for commands whose receipts have to stay in reach."""
        return None if isinstance(self._read, InvalidFilesError) else self._read

    @property
    def settings(self) -> Mapping[str, ProviderSettings]:
        """What the pipeline says of its providers; nothing when it is wrong."""
        return self.declared.pipeline.providers if self.declared else MappingProxyType({})

    @cached_property
    def _read(self) -> Checked | InvalidFilesError:
        from runner.commands.bindings import trust_warnings
        from runner.commands.check import check

        try:
            read = check(self.project, self.catalog, self.options, self)
        except InvalidFilesError as error:
            return error
        return trust_warnings(read, self.bindings(read.pipeline.providers), self.agreed, self.options)

    # ------------------------------------------------------------ what was done

    @cached_property
    def lock_bytes(self) -> bytes | None:
        """The file of the lock; None when there is none. Raises StateError when it cannot be read."""
        from runner.state.lockfile import read_bytes

        return read_bytes(self.project.lock)

    @cached_property
    def written_lock(self) -> Lock:
        """The lock as it is in its file. Raises StateError when it is damaged."""
        from runner.state.lockfile import understood

        return understood(self.project.lock, self.lock_bytes, rehearsal=self.project.rehearsal)

    @cached_property
    def events(self) -> tuple[Event, ...]:
        """The journal's rows. Raises StateError when it is damaged."""
        from runner.state.journal import read_events

        return read_events(self.project.journal)

    @cached_property
    def _agreement(self) -> Agreement:
        from runner.state.agreement import Agreement

        return Agreement(self.project.journal)

    @cached_property
    def _is_agreed(self) -> bool:
        """Whether the lock in its file is known to say all that the journal says, and nothing is unfinished."""
        return self._agreement.is_noted(self.lock_bytes)

    @cached_property
    def _known(self) -> Reconciled:
        return self._agreement.reconcile(self.lock_bytes, self.written_lock, lambda: self.events)

    @property
    def lock(self) -> Lock:
        """The lock with all that the journal knows. Raises StateError when one of them is damaged."""
        return self.written_lock if self._is_agreed else self._known.lock

    @property
    def is_lock_behind(self) -> bool:
        """Whether the journal knows of a paid submission what the file of the lock does not say."""
        return not self._is_agreed and self._known.is_ahead

    @property
    def attempts(self) -> Mapping[str, Submission]:
        """Attempt → every submission that journal and lock know."""
        return self._known.submissions

    @property
    def unfinished(self) -> tuple[Submission, ...]:
        """The submissions that may be paid and that need a resume or a decision."""
        from runner.state.reconcile import unfinished

        return () if self._is_agreed else tuple(unfinished(self.lock, self.attempts))

    @property
    def submissions(self) -> tuple[Submission, ...]:
        """Every submission that journal and lock know."""
        return tuple(self.attempts.values())

    @cached_property
    def targets(self) -> Targets:
        """What a name on the command line can mean."""
        from runner.commands.targets import Targets

        return Targets(submissions=self.submissions, renamed=self._renamed())

    def _renamed(self) -> Mapping[str, str]:
        """Return what the file calls a job now → the name its unfinished submission was made under.

        Nothing when the pipeline is wrong: receipts stay in reach under their own names.
        """
        from runner.plan.claims import Claims

        if self.declared is None:
            return MappingProxyType({})
        claims = Claims(self.declared.requests, models=self.catalog.models, lock=self.lock)
        return {job: self.attempts[attempt].job for attempt, job in claims.owners.items() if attempt in self.attempts}

    @cached_property
    def takes(self) -> StoredTakes:
        """The takes in the store, by hash."""
        from runner.commands.facts import StoredTakes
        from runner.state.blobs.local import LocalBlobs

        return StoredTakes(LocalBlobs(self.project.blobs))

    # ------------------------------------------------------------ what to do

    @cached_property
    def wanted(self) -> Wanted:
        """Which jobs the command line names; `--failed` are those without a take in the lock."""
        from dataclasses import replace

        wanted = self.options.wanted
        if not self.options.failed:
            return wanted
        made = {job for job in self.lock.jobs if self.lock.made(job)}
        among = frozenset(request.job for request in self.checked.requests if request.job not in made)
        return replace(wanted, among=among)

    @cached_property
    def plan(self) -> Plan:
        """What a run would do with these jobs, why, and at what cost.

        Raises DriftError when anything changed since the plan that is asked for, or the pipeline was renamed without its lock.
        """
        from runner.commands.renamed import refuse_renamed
        from runner.commands.selecting import selected
        from runner.plan.inputs import decide_with_inputs

        requests = self.checked.requests
        todo = decide_with_inputs(requests, self._facts(), selected(self.options, self.wanted, requests))
        refuse_renamed(todo, self.project, self.catalog.models, is_new=not self.lock.entries)
        if self.options.saved is not None:
            from runner.plan.saved import refuse_stale

            pipeline, providers = self.checked.pipeline, self.catalog.providers
            refuse_stale(self.options.saved, todo, self.lock, providers, pipeline=pipeline)
        return todo

    def _facts(self) -> Facts:
        """Hash what is on disk at every path that the lock or a request names, and return all that a plan starts from."""
        from runner.commands.facts import LfsPointers, ReadWhenAsked, output_hashes, output_paths
        from runner.plan.facts import Facts

        lock, models, providers = self.lock, self.catalog.models, self.catalog.providers
        paths = output_paths(self.checked.requests, lock)
        outputs = output_hashes(self.project.root, paths, self.project.state)
        return Facts(
            models=models,
            lock=lock,
            submissions=ReadWhenAsked(lambda: self.attempts),
            outputs=outputs,
            pointers=LfsPointers(self.project.root, outputs),
            blobs=self.takes,
            profile=self.checked.pipeline.profile,
            pollable=frozenset(name for name, model in models.items() if providers[model.provider].poll),
        )

    # ------------------------------------------------------------ providers

    def bindings(self, settings: Mapping[str, ProviderSettings]) -> tuple[Binding, ...]:
        """Return which key goes to which host by these settings."""
        from runner.provider.trust import bindings

        return bindings(self.catalog.providers.values(), settings, self.options.env)

    def agreed(self, binding: Binding) -> bool:
        """Say whether a binding needs nobody's word, or has that of the person at this machine."""
        from runner.commands.bindings import is_agreed

        return is_agreed(binding, self.project.folder, self.options)

    def access(self, provider: Provider) -> ProviderAccess:
        """Return address and key of a provider in this run. Raises UntrustedError, UsageError or ApiKeyError."""
        from runner.commands.bindings import refuse_untrusted
        from runner.provider.access import open_access

        found = (binding for binding in self.bindings(self.settings) if binding.provider == provider.name)
        refuse_untrusted((binding for binding in found if not self.agreed(binding)), self.options.file)
        return open_access(provider, self.settings.get(provider.name), self.options.env)

    @contextmanager
    def client(self, provider: Provider) -> Iterator[ProviderClient]:
        """Yield a client of a provider with a transport of its own, for a few calls. Raises as `access` does."""
        from runner.provider.client import ProviderClient

        access, transport = self.access(provider), self.world.transport()
        try:
            yield ProviderClient(access=access, transport=transport)
        finally:
            transport.close()

    # ------------------------------------------------------------ again, and for writing

    def reread(self) -> Session:
        """Return this project with lock and journal read again; what people wrote is kept."""
        again = Session(self.options, self.project, self.world)
        again._keep(self, "catalog", "_read")
        return again

    def _keep(self, other: Session, *parts: str) -> None:
        """Take over what another session has read already."""
        self.__dict__ |= {part: other.__dict__[part] for part in parts if part in other.__dict__}

    @contextmanager
    def writing(self, *, timeout_s: float = 0.0, keep_lock: bool = False) -> Iterator[WritingSession]:
        """Open the project for writing, under its run lock: lock and journal are read again, the rest is kept.

        `keep_lock`: whatever would change the lock fails. Raises RunLockedError when another run holds it for longer than `timeout_s`, NotWritableError when a folder cannot be written.
        """
        from runner.commands.facts import open_store
        from runner.state.run_lock import hold

        prepare_state(self.project)
        with ExitStack() as held:
            for folder in self.project.run_folders:
                held.enter_context(hold(folder, now=self.world.timestamp(), timeout_s=timeout_s))
            known = (self.lock_bytes, self.written_lock) if "written_lock" in self.__dict__ else None
            yield WritingSession(self, held.enter_context(open_store(self.project, known=known, keep_lock=keep_lock)))


class WritingSession(Session):
    """A project opened for writing, as long as the run lock is held."""

    def __init__(self, session: Session, store: StateStore) -> None:
        super().__init__(session.options, session.project, session.world)
        self.store, self.events = store, store.events
        self._keep(session, "catalog", "_read", "takes")

    @property
    def lock(self) -> Lock:
        """The lock as it is now."""
        return self.store.lock

    @property
    def _is_agreed(self) -> bool:
        return False

    @property
    def attempts(self) -> Mapping[str, Submission]:
        """Attempt → every submission that journal and lock know now."""
        return self.store.submissions

    def record(self, item: Submission, phase: Phase, **data: Json) -> Submission:
        """Write that a submission reached a phase, and return it."""
        from runner.engine import machine

        self.store.record(machine.event(item, phase, at=self.world.timestamp(), **data))
        return self.store.submissions[item.attempt]
