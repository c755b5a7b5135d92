"""The main line. Read this first.

    check   text → Requests, or every problem at once
    plan    Requests + what is known → Actions, with their reasons and cost
    run     Actions → takes, receipts, outputs, lock

Rooms are imported inside the functions: `--help` and `validate` do not pay for HTTP and audio.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from runner.commands.options import Ask, Checked, Ran, RunOptions
from runner.errors import InvalidFilesError
from runner.plan.policy import least, refuse_change, refuse_cost
from runner.plan.selection import select
from runner.records.plan import Verb
from runner.state.project import (
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
    from collections.abc import Callable

    from runner.catalog.models import Catalog
    from runner.engine.effects import Progress
    from runner.records.lock import Lock
    from runner.records.outcome import Outcome
    from runner.records.plan import Action, Plan
    from runner.records.request import Request
    from runner.records.source import Problem
    from runner.records.submission import Submission


# ---------------------------------------------------------------- check


def check(ask: Ask) -> Checked:
    """Read a pipeline and resolve every request. Raises InvalidFilesError with every problem, UsageError without a file."""
    from runner.diagnostics.order import by_place
    from runner.pipeline.lint import LintContext, lint
    from runner.pipeline.resolution.expand import expand
    from runner.pipeline.resolution.resolve import resolve
    from runner.pipeline.shape.load import load
    from runner.pipeline.yaml.document import parse

    project = find_project(ask.file, rehearsal=ask.rehearse, env=ask.env)
    catalog = read_catalog(schema_folders(project.folder))
    document = parse(read_pipeline(project), project.shown)
    pipeline, problems = load(
        document, schema=read_schema("pipeline.schema.json"), profile=ask.profile, overrides=ask.vars
    )
    if pipeline is None:
        raise InvalidFilesError(by_place(problems))
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
    context = LintContext(
        document=document,
        pipeline=pipeline,
        requests=requests,
        providers=catalog.providers,
        is_whole=not found,
    )
    found = by_place(found + lint(context))
    _refuse(found)
    return Checked(project=project, pipeline=pipeline, catalog=catalog, requests=requests, warnings=found)


def _refuse(problems: tuple[Problem, ...]) -> None:
    if any(problem.severity == "error" for problem in problems):
        raise InvalidFilesError(problems)


# ---------------------------------------------------------------- plan


def plan(checked: Checked, ask: Ask) -> Plan:
    """Return what `run` would do, why, and at what cost. Writes nothing, needs no key."""
    from runner.commands.known import known_submissions, lock_of
    from runner.state.journal import read_events

    lock = lock_of(checked)
    return _decide(checked, ask, lock, known_submissions(lock, read_events(checked.project.journal)))


def _decide(checked: Checked, ask: Ask, lock: Lock, submissions: tuple[Submission, ...]) -> Plan:
    from runner.commands.known import look_around
    from runner.plan.decide import Asked, decide

    asked = Asked(jobs=select(checked.requests, ask.wanted), force=ask.force)
    todo = decide(checked.requests, look_around(checked, lock, submissions), asked)
    if ask.saved is not None:
        from runner.plan.saved import refuse_stale

        refuse_stale(ask.saved, todo, lock, checked.catalog.providers, pipeline=checked.pipeline)
    return todo


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
    Raises PolicyError, ApiKeyError, DriftError or StateError before anything is sent.
    """
    first = plan(checked, ask)
    if options.offline:
        first = _without_vendors(first, checked.catalog)
    if all(action.verb is Verb.REUSE for action in first.actions) and not first.collect:
        return Ran(project=checked.project, plan=first, outcomes=_all_reused(first))
    budget = None if ask.rehearse else least(checked.pipeline.budget_usd, options.max_cost)
    if options.locked:
        refuse_change(first)
    refuse_cost(first, budget)
    prepare_state(checked.project)
    from runner.commands.known import damaged_takes, known_submissions, open_store
    from runner.commands.stage import executor
    from runner.state.run_lock import hold

    now = datetime.now(UTC).isoformat(timespec="seconds")
    with (
        hold(checked.project.state, now=now, timeout_s=options.lock_timeout_s),
        open_store(checked.project) as store,
    ):
        submissions = known_submissions(store.lock, store.events)
        todo = _decide(checked, ask, store.lock, submissions)
        if damaged_takes(todo, store.blobs):
            todo = _decide(checked, ask, store.lock, submissions)
        todo = _with_drawn_seeds(todo)
        if options.offline:
            todo = _without_vendors(todo, checked.catalog)
        # Another run may have held the lock until now: what was in order before is judged again.
        if options.locked:
            refuse_change(todo)
        refuse_cost(todo, budget)
        with executor(checked, todo, ask, options, store=store, budget=budget, stop=stop, notify=notify) as running:
            if not ask.rehearse:
                confirm(todo)
            outcomes = running.run()
    return Ran(project=checked.project, plan=todo, outcomes=outcomes, interrupted=stop.is_set())


def _with_drawn_seeds(todo: Plan) -> Plan:
    """Draw the seeds that `seed: random` asks for, once: from here on the journal and the lock keep them."""
    import secrets
    from dataclasses import replace

    def drawn(request: Request) -> Request:
        seed = request.model.seed
        if request.seed_mode != "random" or seed is None or seed.param in request.params:
            return request
        value = seed.minimum + secrets.randbelow(seed.maximum - seed.minimum + 1)
        return replace(request, params={**request.params, seed.param: value})

    actions = tuple(replace(action, request=drawn(action.request)) for action in todo.actions)
    return replace(todo, actions=actions)


def _without_vendors(todo: Plan, catalog: Catalog) -> Plan:
    """Block what would have to ask a vendor."""
    from dataclasses import replace

    def kept(action: Action) -> Action:
        local = catalog.providers[action.request.model.provider].mode.is_local
        if local or not action.verb.asks:
            return action
        return replace(action, verb=Verb.BLOCKED, reason="only its vendor can make it, and this run is offline")

    return replace(todo, actions=tuple(kept(action) for action in todo.actions), collect=())


def _all_reused(todo: Plan) -> tuple[Outcome, ...]:
    from runner.records.outcome import Outcome, Result

    return tuple(
        Outcome(job=action.request.job, model=action.request.model.id, result=Result.REUSED, entry=action.entry)
        for action in todo.actions
    )


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
