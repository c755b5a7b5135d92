"""The main line. Read this first.

    check   text → Requests, or every problem at once
    plan    Requests + what is known → Actions, with their reasons and cost
    run     Actions → takes, receipts, outputs, lock

What stands on disk is looked at in standing.py, what a run may not do in policy.py, what it stands on in stage.py.

Rooms are imported inside the functions: `--help` and `validate` do not pay for HTTP and audio.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from runner.errors import SpecError, UsageError
from runner.policy import least, refuse_change, refuse_cost
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
    from runner.engine.terms import Progress
    from runner.plan.decide import Facts
    from runner.plan.saved import Saved
    from runner.records import Action, Entry, Event, Lock, Outcome, Pipeline, Plan, Problem, Request, Submission
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
    saved: Saved | None = None
    """A plan that was saved: whatever differs from it is refused."""


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
    """Refuse when anything would have to be made."""
    offline: bool = False
    """Ask no vendor: what only a vendor can do is left as it is."""
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
    from runner.spec.lint import lint
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
    found += lint(document, pipeline, requests)
    return Checked(project=project, pipeline=pipeline, catalog=catalog, requests=requests, warnings=found)


def _refuse(problems: tuple[Problem, ...]) -> None:
    if any(problem.severity == "error" for problem in problems):
        raise SpecError(problems)


# ---------------------------------------------------------------- plan


def plan(checked: Checked, ask: Ask) -> Plan:
    """Return what `run` would do, why, and at what cost. Writes nothing, needs no key."""
    from runner.state.journal import read_events

    lock = lock_of(checked)
    return _decide(checked, ask, lock, known_submissions(lock, read_events(checked.project.journal)))


def lock_of(checked: Checked) -> Lock:
    """Return the lock as it stands: what a plan starts from."""
    from runner.state.lockfile import read_lock

    return read_lock(checked.project.lock, rehearsal=checked.project.rehearsal)


def _decide(checked: Checked, ask: Ask, lock: Lock, submissions: tuple[Submission, ...]) -> Plan:
    from runner.plan.decide import Asked, decide

    asked = Asked(jobs=select(checked.requests, ask.wanted), force=ask.force)
    todo = decide(checked.requests, _facts(checked, lock, submissions), asked)
    if ask.saved is not None:
        from runner.plan.saved import refuse_stale

        refuse_stale(ask.saved, todo, lock, checked.catalog.providers)
    return todo


def _facts(checked: Checked, lock: Lock, submissions: tuple[Submission, ...]) -> Facts:
    """Look at what stands on disk for every path that the lock or a request names."""
    from runner.media_types import EXTENSIONS
    from runner.plan.decide import Facts
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


def known_submissions(lock: Lock, events: tuple[Event, ...]) -> tuple[Submission, ...]:
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
    budget = None if ask.rehearse else least(checked.pipeline.budget_usd, options.max_cost)
    if options.locked:
        refuse_change(first)
    refuse_cost(first, budget)
    prepare_state(checked.project)
    from runner.stage import executor

    now = datetime.now(UTC).isoformat(timespec="seconds")
    with (
        hold(checked.project.state, now=now, timeout_s=options.lock_timeout_s),
        open_books(checked.project) as books,
    ):
        submissions = known_submissions(books.lock, books.events)
        todo = _with_drawn_seeds(_decide(checked, ask, books.lock, submissions))
        if options.offline:
            todo = _without_vendors(todo, checked.catalog)
        refuse_cost(todo, budget)
        with executor(checked, todo, ask, options, books=books, budget=budget, stop=stop, notify=notify) as running:
            if not ask.rehearse:
                confirm(todo)
            outcomes = running.run()
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


def _without_vendors(todo: Plan, catalog: Catalog) -> Plan:
    """Block what would have to ask a vendor."""
    from dataclasses import replace

    from runner.plan.decide import ASKING

    def kept(action: Action) -> Action:
        local = catalog.providers[action.request.card.provider].mode == "local"
        if local or action.verb not in ASKING:
            return action
        return replace(action, verb="blocked", reason="only its vendor can make it, and this run is offline")

    return replace(todo, actions=tuple(kept(action) for action in todo.actions), collect=())


def _all_reused(todo: Plan) -> tuple[Outcome, ...]:
    from runner.records import Outcome

    return tuple(
        Outcome(job=action.request.job, model=action.request.card.id, result="reused", entry=action.entry)
        for action in todo.actions
    )


def run_frozen(ask: Ask) -> Ran:
    """Bring the outputs of the lock back, as it is: the pipeline is not read, nothing is made, no vendor is asked.

    Raises UsageError when there is no lock.
    """
    from runner.records import Outcome, Plan
    from runner.state.files import digest
    from runner.state.runlock import hold

    project = find_project(ask.file, rehearsal=ask.rehearse, env=ask.env)
    if not project.lock.exists():
        raise UsageError(f"there is no {project.lock.name} to take as it is", help="leave --frozen out to make one")
    prepare_state(project)
    outcomes = []
    now = datetime.now(UTC).isoformat(timespec="seconds")
    with hold(project.state, now=now, timeout_s=0.0), open_books(project) as books:
        for job, entry in sorted(books.lock.jobs.items()):
            take = next((item for item in entry.takes if item.path), None)
            if take is None or take.path is None:
                continue
            outcome = Outcome(job=job, model=entry.model, result="reused", entry=entry)
            if digest(project.root / take.path) != take.sha256:
                outcome = _frozen_restore(books, job, entry, take.path)
            outcomes.append(outcome)
    nothing = Plan(actions=(), low=Decimal(0), worst=Decimal(0))
    return Ran(project=project, plan=nothing, outcomes=tuple(outcomes))


def _frozen_restore(books: Books, job: str, entry: Entry, path: str) -> Outcome:
    from runner.errors import StateError
    from runner.records import Outcome

    take = entry.takes[min(entry.take, len(entry.takes)) - 1]
    if take.sha256 not in books.blobs:
        message = f"{path} is not here, and neither is its take in the store"
        return Outcome(job=job, model=entry.model, result="failed", message=message, help="run without --frozen")
    try:
        placed = books.bring(job, entry, job, output=path, take=entry.take)
    except (StateError, OSError) as error:
        return Outcome(job=job, model=entry.model, result="failed", message=str(error))
    return Outcome(job=job, model=entry.model, result="restored", entry=placed)


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
