"""`run`: do what the plan says, paying for nothing twice, and write the lock. Read this first.

    YAML ─pipeline→ Requests ─plan→ Actions ─engine→ takes ─state→ outputs, lock ─report→ what you read

`session.plan` is the first half of that sentence, `run` the whole of it.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from runner.commands.expectations import judged, refuse_unheard, without_expectations
from runner.commands.on_fail import asked_again, without_asking_again
from runner.errors import NotWritableError, RunLockedError
from runner.frozen import replace
from runner.plan.approvals import unapproved
from runner.plan.deviations import deviations
from runner.plan.policy import least, out_of_date, refuse_cost
from runner.records.endings import Reused
from runner.records.family import family
from runner.records.outcome import Outcome, RunResult
from runner.records.plan import Verb
from runner.records.reasons import Offline
from runner.report.approvals import not_approved
from runner.report.lock_drift import lock_out_of_date
from runner.report.run import RunReport, exit_code
from runner.state.lockfile import refuse_too_large

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from decimal import Decimal

    from runner.catalog.models import Catalog
    from runner.commands.options import Operator, RunOptions
    from runner.commands.session import Session, WritingSession
    from runner.records.lock import Lock
    from runner.records.plan import Action, Plan
    from runner.records.request import Request


def run(session: Session, options: RunOptions, operator: Operator) -> RunReport:
    """Make what is missing or changed, restore the rest, write the lock.

    Raises InvalidFilesError, PolicyError, ApiKeyError, DriftError or StateError before anything is sent.
    """
    budget = spending_limit(session, options.max_cost)
    todo = _allowed_plan(session, options, budget)
    if _is_done(todo):
        if session.is_lock_behind and not options.locked:
            _write_lock(session)
        return _report(session, RunResult(plan=todo, outcomes=tuple(map(_reused, todo.actions))))
    from runner.commands.execution import open_executor

    with session.writing(timeout_s=options.lock_timeout_s, keep_lock=options.locked) as held:
        todo = _allowed_plan(held, options, budget)  # another run may have held the lock until now
        refuse_too_large(held.project.lock, (item.request for item in todo.actions if item.verb is not Verb.REUSE))
        todo = _with_drawn_seeds(todo, held.world.random_below)
        if session.options.rehearse:
            todo = without_expectations(todo)
        with open_executor(held, todo, options, operator, budget=budget) as executor:
            if not session.options.rehearse:
                operator.confirm(todo)
            started = held.world.monotonic()
            outcomes = executor.run()

        def perform(fresh: WritingSession, following: Plan, left: Decimal | None) -> tuple[Outcome, ...]:
            drawn = _with_drawn_seeds(following, fresh.world.random_below)
            with open_executor(fresh, drawn, options, operator, budget=left) as again:
                return again.run()

        if not (options.locked or options.offline or operator.stop.is_set()):
            outcomes = asked_again(held, todo, outcomes, budget=budget, perform=perform)
        seconds = held.world.monotonic() - started
        numbers = dict(_numbers(held.lock, outcomes))
    did = RunResult(plan=todo, outcomes=outcomes, interrupted=operator.stop.is_set(), seconds=seconds)
    return _report(session, did, numbers)


def _write_lock(session: Session) -> None:
    """Write into the lock what only the journal knows, as a run that was killed leaves it, where that is possible now."""
    with suppress(RunLockedError, NotWritableError), session.writing():
        pass  # to close it writes the lock


def spending_limit(session: Session, max_cost: Decimal | None) -> Decimal | None:
    """Return what a run may spend in USD at most; None when nothing limits it."""
    if session.options.rehearse:
        return None
    return least(session.checked.pipeline.budget_usd, max_cost)


def _allowed_plan(session: Session, options: RunOptions, budget: Decimal | None) -> Plan:
    """Return the plan of a run. Raises DriftError, NotApprovedError or PolicyError when it is not allowed."""
    keeps = options.locked or options.release
    todo = without_asking_again(session.plan) if keeps or options.offline else session.plan
    if options.offline:
        todo = _without_providers(todo, session.catalog)
    if keeps:
        todo = replace(todo, collect=())
    if options.release and (missing := unapproved(todo, session.lock)):
        raise not_approved(missing, session.options.file)
    if not _is_done(todo):
        if options.locked and (changing := out_of_date(todo)):
            raise lock_out_of_date(changing)
        refuse_cost(todo, budget)
        if not session.options.rehearse:
            refuse_unheard(todo)
    return todo


def _is_done(todo: Plan) -> bool:
    return all(action.verb is Verb.REUSE for action in todo.actions) and not todo.collect


def _reused(action: Action) -> Outcome:
    return Outcome.of(action.request, Reused(), action.entry)


def _with_drawn_seeds(todo: Plan, random_below: Callable[[int], int]) -> Plan:
    """Draw the seeds of `seed: random` once: from here on the journal and the lock keep them."""

    def drawn(request: Request) -> Request:
        seed = request.model.seed
        if request.seed_mode != "random" or seed is None or seed.param in request.params:
            return request
        value = seed.minimum + random_below(seed.maximum - seed.minimum + 1)
        return replace(request, params={**request.params, seed.param: value})

    actions = tuple(replace(action, request=drawn(action.request)) for action in todo.actions)
    return replace(todo, actions=actions)


def _without_providers(todo: Plan, catalog: Catalog) -> Plan:
    """Block every action that needs a provider."""

    def kept(action: Action) -> Action:
        local = catalog.providers[action.request.model.provider].mode.is_local
        if local or not action.verb.asks:
            return action
        return replace(action, verb=Verb.BLOCKED, reason=Offline(wanted=action.reason))

    return replace(todo, actions=tuple(kept(action) for action in todo.actions), collect=())


def _numbers(lock: Lock, outcomes: Iterable[Outcome]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield the numbers by which the takes of each roll are chosen."""
    for outcome in outcomes:
        entry = outcome.entry
        if outcome.roll and entry is not None:
            takes = family(lock.jobs.get(outcome.job, ()), entry.base)
            yield outcome.name, tuple(item.number for item in takes if item.entry.attempt == entry.attempt)


def _report(session: Session, did: RunResult, numbers: Mapping[str, tuple[int, ...]] | None = None) -> RunReport:
    checked, project = session.checked, session.project
    there = {outcome.job: outcome.entry for outcome in did.outcomes if outcome.result.is_there and not outcome.roll}
    found = judged(session, there)
    return RunReport(
        name=checked.pipeline.name,
        did=did,
        exit_code=exit_code(did, found),
        judged=found,
        files=(project.shown,),
        rehearsal=project.rehearsal,
        file=session.options.file,
        listen_in=str(project.shown_root),
        warnings=checked.warnings,
        places={request.job: request.mark for request in checked.requests},
        deviations={
            outcome.name: deviations(session.catalog.models[outcome.entry.model], outcome.entry)
            for outcome in did.outcomes
            if outcome.entry and outcome.entry.model in session.catalog.models
        },
        numbers=numbers or {},
    )
