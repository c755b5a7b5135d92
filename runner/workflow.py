"""The main line. Read this first.

    check   text → Requests, or every problem at once
    plan    Requests + what is known → Actions, with their reasons and cost
    run     Actions → takes, receipts, outputs, lock
    verify  outputs against the lock

Rooms are imported inside the functions: `--help` and `validate` do not pay for HTTP and audio.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from runner.errors import DriftError, PolicyError, SpecError, UsageError
from runner.selection import Wanted, select
from runner.sources import (
    find_project,
    prepare_state,
    read_catalog,
    read_pipeline,
    read_schema,
    read_text,
    schema_folders,
)

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Mapping

    from runner.catalog.cards import Catalog
    from runner.engine.listener import Listener
    from runner.engine.terms import Progress, Terms, World
    from runner.plan.decide import Facts
    from runner.records import Entry, Event, Lock, Outcome, Pipeline, Plan, Problem, Request, Submission
    from runner.sources import Project
    from runner.state.books import Books


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a command line asks of the main line."""

    file: str | None = None
    profile: str | None = None
    vars: Mapping[str, str] = field(default_factory=dict)
    wanted: Wanted = field(default_factory=Wanted)
    force: bool = False
    rehearse: bool = False
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A pipeline that is right: its project, its requests in the order of the file, and warnings."""

    project: Project
    pipeline: Pipeline
    catalog: Catalog
    requests: tuple[Request, ...]
    warnings: tuple[Problem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """How to run what is planned."""

    jobs: int = 8
    fail_fast: bool = False
    max_cost: Decimal | None = None
    locked: bool = False
    offline: bool = False
    lock_timeout_s: float = 0.0
    listen: str | None = None
    """HOST:PORT where vendors' callbacks are heard, reached from outside as `public_url`."""
    public_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a run did."""

    project: Project
    plan: Plan
    outcomes: tuple[Outcome, ...]
    interrupted: bool = False

    @property
    def spent_usd(self) -> Decimal | None:
        """What this run was charged, in USD; None when a part of it is not known."""
        amounts = [outcome.spent_usd for outcome in self.outcomes if outcome.spent_usd is not None]
        known = len(amounts) == sum(outcome.result in _PAYING for outcome in self.outcomes)
        return sum(amounts, Decimal(0)) if known else None


_PAYING = ("made", "failed", "unfinished", "unknown")


# ---------------------------------------------------------------- check


def check(ask: Ask) -> Checked:
    """Read a pipeline and resolve every request. Raises SpecError with every problem, UsageError without a file."""
    from runner.spec.document import parse
    from runner.spec.expand import expand
    from runner.spec.load import load
    from runner.spec.resolve import resolve

    project = find_project(ask.file, rehearsal=ask.rehearse, env=ask.env)
    catalog = read_catalog(schema_folders(project.folder))
    document = parse(read_pipeline(project), project.shown)
    pipeline, problems = load(
        document, schema=read_schema("pipeline.schema.json"), profile=ask.profile, overrides=ask.vars
    )
    if pipeline is None:
        raise SpecError(problems)
    cells, more = expand(pipeline)
    requests, rest = resolve(
        pipeline,
        cells,
        catalog,
        env=ask.env,
        overrides=ask.vars,
        read_text=lambda path: read_text(project.folder, path),
    )
    found = problems + more + rest
    _refuse(found)
    return Checked(project=project, pipeline=pipeline, catalog=catalog, requests=requests, warnings=found)


def _refuse(problems: tuple[Problem, ...]) -> None:
    if any(problem.severity == "error" for problem in problems):
        raise SpecError(problems)


# ---------------------------------------------------------------- plan


def plan(checked: Checked, ask: Ask) -> Plan:
    """Return what `run` would do, why, and at what cost. Writes nothing, needs no key."""
    from runner.state.journal import read_events
    from runner.state.lockfile import read_lock

    lock = read_lock(checked.project.lock, rehearsal=checked.project.rehearsal)
    return _decide(checked, ask, lock, _submissions(lock, read_events(checked.project.journal)))


def _decide(checked: Checked, ask: Ask, lock: Lock, submissions: tuple[Submission, ...]) -> Plan:
    from runner.plan.decide import Asked, decide

    asked = Asked(jobs=select(checked.requests, ask.wanted), force=ask.force)
    return decide(checked.requests, _facts(checked, lock, submissions), asked)


def _facts(checked: Checked, lock: Lock, submissions: tuple[Submission, ...]) -> Facts:
    """Look at what stands on disk for every path that the lock or a request names."""
    from runner.plan.decide import EXTENSIONS, Facts
    from runner.state.blobs import Blobs
    from runner.state.books import finished_entries
    from runner.state.files import digest

    root = checked.project.root
    paths = {take.path for entry in lock.jobs.values() for take in entry.takes if take.path}
    paths |= {request.output + extension for request in checked.requests for extension in EXTENSIONS.values()}
    private = _private_models(checked.catalog)
    return Facts(
        cards=checked.catalog.cards,
        lock=lock,
        submissions=submissions,
        finished=finished_entries(submissions, private=private),
        outputs={path: digest(root / path) for path in paths if (root / path).exists()},
        blobs=Blobs(checked.project.blobs),
    )


def _private_models(catalog: Catalog) -> frozenset[str]:
    """Return the models whose vendor's ids stay out of the lock."""
    return frozenset(name for name, card in catalog.cards.items() if catalog.providers[card.provider].id_is_private)


def _submissions(lock: Lock, events: tuple[Event, ...]) -> tuple[Submission, ...]:
    """Return every submission that the journal knows, and those that only the lock knows: begun on another machine."""
    from runner.engine.machine import fold, from_pending
    from runner.state.books import known_receipts

    journaled = tuple(fold(events).values())
    known = known_receipts(journaled)
    pending: list[Submission] = []
    for job, entry in lock.jobs.items():
        waiting = entry.pending if entry.takes else entry
        if waiting is not None and waiting.receipt.request_id not in known:
            pending.append(from_pending(job, waiting))
    return journaled + tuple(pending)


# ---------------------------------------------------------------- run


def run(
    checked: Checked,
    ask: Ask,
    options: RunOptions,
    *,
    confirm: Callable[[Plan], None],
    notify: Callable[[Progress], None],
    stop: threading.Event,
) -> Ran:
    """Do what the plan says, paying for nothing twice, and write the lock.

    `confirm` is shown the plan before anything is spent and raises PolicyError to refuse.
    Raises PolicyError, KeyProblem, DriftError or StateError before anything is sent.
    """
    from runner.state.runlock import hold

    first = plan(checked, ask)
    if all(action.verb == "reuse" for action in first.actions) and not first.collect:
        return Ran(project=checked.project, plan=first, outcomes=_all_reused(first))
    if options.locked:
        _refuse_change(first)
    _refuse_cost(checked, first, options)
    prepare_state(checked.project)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    with hold(checked.project.state, now=now, timeout_s=options.lock_timeout_s):
        return _run_held(checked, ask, options, confirm=confirm, notify=notify, stop=stop)


def _run_held(
    checked: Checked,
    ask: Ask,
    options: RunOptions,
    *,
    confirm: Callable[[Plan], None],
    notify: Callable[[Progress], None],
    stop: threading.Event,
) -> Ran:
    from runner.engine.executor import Executor

    with ExitStack() as stack:
        books = stack.enter_context(open_books(checked.project))
        submissions = _submissions(books.lock, books.events)
        todo = _with_drawn_seeds(_decide(checked, ask, books.lock, submissions))
        _refuse_cost(checked, todo, options)
        listener = stack.enter_context(_listener(options))
        terms = stack.enter_context(_terms(checked, todo, ask, options, listener))
        if not ask.rehearse:
            confirm(todo)
        world = stack.enter_context(_world(books, stop, options))
        executor = Executor(todo, terms, world, books, notify)
        if listener is not None:
            listener.wake = executor.wake
        outcomes = executor.run()
    return Ran(project=checked.project, plan=todo, outcomes=outcomes, interrupted=stop.is_set())


@contextmanager
def open_books(project: Project) -> Iterator[Books]:
    """Open journal, lock and store of a project for writing, under the run lock that the caller holds."""
    from runner.state.blobs import Blobs
    from runner.state.books import Books

    books = Books(
        root=project.root,
        lock_path=project.lock,
        journal_path=project.journal,
        blobs=Blobs(project.blobs),
        rehearsal=project.rehearsal,
    )
    try:
        books.blobs.sweep()
        yield books
    finally:
        books.close()


@contextmanager
def _world(books: Books, stop: threading.Event, options: RunOptions) -> Iterator[World]:
    import secrets
    import time
    from concurrent.futures import ThreadPoolExecutor

    from runner.engine.fetch import HttpFetcher
    from runner.engine.terms import World
    from runner.engine.transport import HttpTransport

    with ExitStack() as stack:
        transport = HttpTransport()
        stack.callback(transport.close)
        fetcher = HttpFetcher(books.blobs, stop)
        stack.callback(fetcher.close)
        cpu = stack.enter_context(ThreadPoolExecutor(max_workers=max(2, options.jobs // 2), thread_name_prefix="cpu"))
        yield World(
            now=lambda: datetime.now(UTC),
            monotonic=time.monotonic,
            token=lambda: secrets.token_hex(16),
            transport=transport,
            fetcher=fetcher,
            cpu=cpu,
            stop=stop,
        )


@contextmanager
def _listener(options: RunOptions) -> Iterator[Listener | None]:
    if options.listen is None:
        yield None
        return
    from runner.engine.listener import listening

    with listening(options.listen, options.public_url) as listener:
        yield listener


@contextmanager
def _terms(checked: Checked, todo: Plan, ask: Ask, options: RunOptions, listener: Listener | None) -> Iterator[Terms]:
    """Open the doors of the providers that will be asked; in a rehearsal all of them lead to the gateway."""
    from runner.engine.doors import open_door, poll_s_of
    from runner.engine.terms import Terms
    from runner.engine.transport import Door
    from runner.plan.budget import Budget

    settings, providers = checked.pipeline.providers, checked.catalog.providers
    asked = {action.request.card.provider for action in (*todo.actions, *todo.collect) if action.verb in ASKING}
    budget = _budget(checked, options)
    doors = {name: Door(base_url="") for name in providers}
    poll_s = {name: poll_s_of(provider, settings.get(name), ask.env) for name, provider in providers.items()}
    with ExitStack() as stack:
        remote = sorted(name for name in asked if providers[name].mode != "local")
        if ask.rehearse and remote:
            from runner.engine.keys import Key
            from runner.gateway.serve import rehearsal_gateway

            url = stack.enter_context(rehearsal_gateway(schema_folders(checked.project.folder)))
            doors |= {name: Door(base_url=url, auth=providers[name].auth, key=Key("none-needed")) for name in remote}
            poll_s |= dict.fromkeys(remote, REHEARSAL_POLL_S)
        elif not ask.rehearse:
            doors |= {name: open_door(providers[name], settings.get(name), ask.env) for name in remote}
        yield Terms(
            providers=providers,
            doors=doors,
            poll_s=poll_s,
            max_in_flight={
                name: (settings[name].max_in_flight if name in settings else None) or provider.max_in_flight
                for name, provider in providers.items()
            },
            jobs=options.jobs,
            budget=Budget(limit=None if ask.rehearse else budget),
            fail_fast=options.fail_fast,
            callback=listener.address if listener is not None else None,
        )


ASKING = ("generate", "regenerate", "resume", "remaster")
REHEARSAL_POLL_S = 0.1


def _with_drawn_seeds(todo: Plan) -> Plan:
    """Draw the seeds that `seed: random` asks for, once: from here on the journal and the lock keep them."""
    import secrets
    from dataclasses import replace

    def drawn(request: Request) -> Request:
        seed = request.card.seed
        if request.seed_mode != "random" or seed is None or seed.param in request.params:
            return request
        value = seed.minimum + secrets.randbelow(seed.maximum - seed.minimum + 1)
        return replace(request, params={**request.params, seed.param: value})

    actions = tuple(replace(action, request=drawn(action.request)) for action in todo.actions)
    return replace(todo, actions=actions)


def _all_reused(todo: Plan) -> tuple[Outcome, ...]:
    from runner.records import Outcome

    return tuple(
        Outcome(job=action.request.job, model=action.request.card.id, result="reused", entry=action.entry)
        for action in todo.actions
    )


def _budget(checked: Checked, options: RunOptions) -> Decimal | None:
    limits = [limit for limit in (checked.pipeline.budget_usd, options.max_cost) if limit is not None]
    return min(limits, default=None)


def _refuse_cost(checked: Checked, todo: Plan, options: RunOptions) -> None:
    """Refuse a plan whose worst case passes the budget, before anything is sent. A rehearsal costs nothing."""
    budget = _budget(checked, options)
    if budget is None or checked.project.rehearsal:
        return
    unknown = [action.request.job for action in todo.actions if action.cost.worst is None]
    if unknown:
        raise PolicyError(
            f"the price of {_some(unknown)} is unknown and a budget of ${budget} is set",
            help="write the price under `prices:` in the pipeline, or run without a budget",
        )
    if todo.worst is not None and todo.worst > budget:
        raise PolicyError(
            f"the worst case of this run is ${todo.worst}, over the budget of ${budget}",
            help="name fewer jobs, or raise `budget` or --max-cost",
        )


def _refuse_change(todo: Plan) -> None:
    changing = [action for action in todo.actions if action.verb not in ("reuse", "restore")]
    if changing:
        first = changing[0]
        raise DriftError(
            f"the lock is out of date for {_some([action.request.job for action in changing])}",
            help=f"{first.request.job}: {first.reason or first.changes[0].field + ' changed'}; run without --locked to update it",
        )


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"


# ---------------------------------------------------------------- verify and status


Drift = Literal["same", "missing", "changed", "pending"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stands:
    """One lock entry against the disk, and what the journal says of submissions that did not end."""

    job: str
    entry: Entry | None
    output: Drift
    path: str | None = None
    unfinished: tuple[Submission, ...] = ()


def status(ask: Ask) -> tuple[Project, tuple[Stands, ...]]:
    """Return lock, outputs and unfinished submissions side by side, sorted by job. Reads the pipeline's place only."""
    from runner.engine.machine import IN_DOUBT, OPEN
    from runner.state.journal import read_events
    from runner.state.lockfile import read_lock

    project = find_project(ask.file, rehearsal=ask.rehearse, env=ask.env)
    lock = read_lock(project.lock, rehearsal=project.rehearsal)
    unfinished: dict[str, list[Submission]] = {}
    for submission in _submissions(lock, read_events(project.journal)):
        if submission.phase in OPEN or submission.phase in IN_DOUBT:
            unfinished.setdefault(submission.job, []).append(submission)
    jobs = sorted({*lock.jobs, *unfinished})
    return project, tuple(_stands(project, job, lock.jobs.get(job), unfinished.get(job, [])) for job in jobs)


def verify(ask: Ask) -> tuple[Stands, ...]:
    """Hold every output against the lock by hash. Raises UsageError when there is no lock."""
    project, rows = status(ask)
    if not project.lock.exists():
        raise UsageError(f"there is no {project.lock.name} to verify against", help="make one: scorefile run")
    return tuple(row for row in rows if row.entry is not None and row.entry.takes)


def _stands(project: Project, job: str, entry: Entry | None, unfinished: list[Submission]) -> Stands:
    from runner.state.files import digest

    placed = next((take for take in entry.takes if take.path), None) if entry else None
    if placed is None or placed.path is None:
        return Stands(job=job, entry=entry, output="pending", unfinished=tuple(unfinished))
    found = digest(project.root / placed.path)
    output: Drift = "missing" if found is None else "same" if found == placed.sha256 else "changed"
    return Stands(job=job, entry=entry, output=output, path=placed.path, unfinished=tuple(unfinished))


def only_failed(ask: Ask, checked: Checked) -> Ask:
    """Narrow what is asked to jobs without a finished entry in the lock."""
    from dataclasses import replace

    from runner.state.lockfile import read_lock

    made = {
        job
        for job, entry in read_lock(checked.project.lock, rehearsal=checked.project.rehearsal).jobs.items()
        if entry.takes
    }
    among = frozenset(request.job for request in checked.requests if request.job not in made)
    return replace(ask, wanted=replace(ask.wanted, among=among))
