"""The loop: a heap of due times, a small thread pool, one writer.

Worker threads do one piece of work each (a submission, a poll, a download) and put the result into the inbox. The loop
alone drives the jobs, and so it alone decides and writes: even the row `intent`, which must be durable between
the connection and the first byte of a submission, is written here while the worker waits at its gate. A job that waits
costs a heap entry, not a thread.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
from collections import deque
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, assert_never

from runner.engine import endings
from runner.engine.effects import Compute, Interrupted, Progress, Turn, Wait, Work
from runner.engine.job_run import JobRun
from runner.engine.workers import Finished, ReadyToSend, Wake, Workers
from runner.errors import StateError
from runner.provider.rate_limit import RateLimit
from runner.records.endings import FailedFast, Held, NeedMissing, ReceiptUnwritten, Restored, Reused, Stopped
from runner.records.lock import Output
from runner.records.media_types import EXTENSIONS
from runner.records.outcome import Outcome
from runner.records.plan import Verb
from runner.records.result import Result

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from runner.engine.effects import Effect, RunSettings, World
    from runner.records.endings import Ending, Skipped
    from runner.records.lock import Entry
    from runner.records.plan import Action, Plan
    from runner.state.store import StateStore

MIN_WAIT_S = 0.001


@dataclass(eq=False, slots=True)
class _ActiveJob:
    """A job in progress: its generator, and the effect that it waits for."""

    job_run: JobRun
    steps: Generator[Effect, Any, Outcome]
    turn: Turn | None = None
    working: bool = False
    alarm: int | None = None
    """The number of the heap entry it waits for; heap entries with other numbers are void."""


class Executor:
    """Runs the actions of one plan. Use once."""

    def __init__(
        self, plan: Plan, settings: RunSettings, world: World, store: StateStore, notify: Callable[[Progress], None]
    ) -> None:
        self._plan, self._settings, self._world, self._store = plan, settings, world, store
        self._notify = _harmless(notify)
        self._budget = settings.budget
        self._outcomes: dict[str, Outcome] = {}
        self._workers: Workers[_ActiveJob] = Workers(settings.jobs)
        self._heap: list[tuple[float, int, _ActiveJob]] = []
        self._order = itertools.count()
        self._ready: deque[JobRun] = deque()
        self._needs: dict[str, set[str]] = {}
        self._needed_by: dict[str, list[JobRun]] = {}
        self._active: set[_ActiveJob] = set()
        self._turns: dict[str, deque[_ActiveJob]] = {name: deque() for name in settings.providers}
        self._rate_limits = {
            name: RateLimit(slots=access.provider.max_in_flight, window=access.provider.submits, limits=world.limits)
            for name, access in settings.providers.items()
        }
        self._failed = False

    def run(self) -> tuple[Outcome, ...]:
        """Run all actions and return the outcome of each, in the order of the plan."""
        self._open()
        with self._workers:
            try:
                while self._ready or self._active:
                    self._turn_once()
            except BaseException:
                self._record_running()
                raise
        return tuple(self._outcomes[action.request.job] for action in (*self._plan.actions, *self._plan.collect))

    def _turn_once(self) -> None:
        self._begin_ready()
        if self._world.stop.is_set():
            self._interrupt_waiting()
        self._give_turns()
        self._wake_due()
        if self._active:
            self._handle_message()
        self._store.tick()

    def _record_running(self) -> None:
        """Start nothing new and record the results of all running work, although the loop has failed."""
        self._world.stop.set()
        while self._active:
            with contextlib.suppress(Exception):
                self._turn_once()

    # ------------------------------------------------------------ start

    def _open(self) -> None:
        """Settle the actions that need no provider, and write the first journal rows of the others, all in one write.

        Whose each submission is now enters the lock before anything else happens.
        """
        self._store.take_up(self._plan.owners)
        job_runs = []
        for action in self._plan.actions:
            match action.verb:
                case Verb.REUSE:
                    self._settle(action, Reused(), action.entry)
                case Verb.BLOCKED:
                    self._settle(action, endings.blocked(action), action.entry)
                case Verb.RESTORE:
                    self._settle(action, *self._restore(action))
                case Verb.GENERATE | Verb.REGENERATE | Verb.RESUME:
                    job_runs.append(self._job_run(action))
                case _:
                    assert_never(action.verb)
        for action in self._plan.collect:
            if action.verb is Verb.BLOCKED:
                self._settle(action, endings.blocked(action))
            else:
                job_runs.append(self._job_run(action))
        rows = [row for job_run in job_runs for row in job_run.log.opening_rows()]
        if rows:
            self._store.record(*rows)
        coming = {job_run.job for job_run in job_runs}
        for job_run in job_runs:
            missing = {need for need in job_run.request.needs if need in coming}
            self._needs[job_run.job] = missing
            for need in missing:
                self._needed_by.setdefault(need, []).append(job_run)
            if not missing:
                self._ready.append(job_run)

    def _job_run(self, action: Action) -> JobRun:
        return JobRun(
            action,
            settings=self._settings,
            world=self._world,
            store=self._store,
            rate_limit=self._rate_limits[action.request.model.provider],
            notify=self._notify,
        )

    def _restore(self, action: Action) -> tuple[Ending, Entry]:
        """Copy a take from the store, or from its old path, to its output."""
        request, entry = action.request, action.entry
        assert entry is not None
        assert request.output is not None, "a collected submission has no output"
        chosen = entry.chosen(request.take)
        path = request.output + EXTENSIONS[chosen.media_type]
        output = Output(path=path, sha256=chosen.sha256, profile=self._settings.profile)
        try:
            placed = self._store.bring(request.job, entry, output)
        except (StateError, OSError) as error:
            return endings.broken(error), entry
        return Restored(reason=action.reason), placed

    def _settle(self, action: Action, ending: Ending, entry: Entry | None = None) -> None:
        """Keep the outcome of an action that needs no provider."""
        request = action.request
        spent_usd = None if isinstance(ending, Held) else Decimal(0)
        outcome = Outcome(job=request.job, model=request.model.id, ending=ending, entry=entry, spent_usd=spent_usd)
        self._outcomes[request.job] = outcome
        self._failed = self._failed or outcome.result is Result.FAILED
        if not isinstance(ending, Reused):
            self._notify(Progress(job=outcome.job, state=outcome.result, ending=ending))

    def _begin_ready(self) -> None:
        while self._ready:
            job_run = self._ready.popleft()
            missing = [need for need in job_run.request.needs if not self._is_there(need)]
            if missing:
                self._skip(job_run, NeedMissing(need=missing[0]))
                continue
            run = _ActiveJob(job_run=job_run, steps=job_run.run())
            self._active.add(run)
            self._resume(run, None)

    def _is_there(self, need: str) -> bool:
        ended = self._outcomes.get(need)
        return ended is None or ended.result.is_there

    def _resume(self, run: _ActiveJob, value: object, error: BaseException | None = None) -> None:
        """Send a job the result that it waited for, and start the effect that it yields next."""
        try:
            effect = run.steps.send(value) if error is None else run.steps.throw(error)
        except StopIteration as end:
            self._active.discard(run)
            self._end(run.job_run, end.value)
            return
        match effect:
            case Turn():
                run.turn = effect
                self._turns[effect.provider].append(run)
            case Wait():
                run.alarm = next(self._order)
                heapq.heappush(self._heap, (self._world.monotonic() + effect.seconds, run.alarm, run))
            case Work():
                run.working = True
                self._workers.start(run, effect)
            case Compute():
                run.working = True
                self._workers.follow(run, self._world.cpu.submit(effect.call, *effect.args))
            case _:
                assert_never(effect)

    def _handle_message(self) -> None:
        """Handle the next message of a worker, waiting until the next due time at most."""
        wait_s = min(self._world.limits.stop_check_s, self._turn_wait_s())
        if self._heap:
            wait_s = min(wait_s, max(0.0, self._heap[0][0] - self._world.monotonic()))
        message = self._workers.next_message(max(wait_s, MIN_WAIT_S))
        match message:
            case ReadyToSend():
                message.open_gate(lambda: self._before_first_byte(message.work))
            case Finished():
                message.owner.working = False
                self._resume(message.owner, message.value, message.error)
            case Wake():
                self._wake_waiting(message.attempt)
            case None:
                pass
            case _:
                assert_never(message)

    def _before_first_byte(self, work: Work) -> None:
        if self._world.stop.is_set():
            raise Interrupted
        work.at_gate()

    def _wake_due(self) -> None:
        now = self._world.monotonic()
        while self._heap and self._heap[0][0] <= now:
            _, alarm, run = heapq.heappop(self._heap)
            if run.alarm == alarm:
                run.alarm = None
                self._resume(run, None)

    def wake(self, attempt: str) -> None:
        """Poll this attempt at once if it waits for its next poll. Safe to call from any thread."""
        self._workers.wake(attempt)

    def _wake_waiting(self, attempt: str) -> None:
        for run in self._active:
            if run.alarm is not None and run.job_run.is_generating and run.job_run.submission.attempt == attempt:
                run.alarm = None
                self._resume(run, None)
                return

    def _interrupt_waiting(self) -> None:
        """End every job that waits; a job whose worker is busy finishes that work first."""
        waiting = [run for run in self._active if not run.working]
        self._heap.clear()
        for turns in self._turns.values():
            turns.clear()
        for job_run in self._ready:
            self._skip(job_run, Stopped())
        self._ready.clear()
        for run in waiting:
            run.alarm = None
            self._resume(run, None, Interrupted())

    # ------------------------------------------------------------ permission to submit

    def _give_turns(self) -> None:
        """Give each waiting job its permission or refusal; finished jobs are downloaded before anything new is submitted."""
        for provider, turns in self._turns.items():
            rate_limit = self._rate_limits[provider]
            while turns:
                run = turns[0]
                assert run.turn is not None
                refusal = self._refusal(run.job_run.job, run.turn)
                now = self._world.monotonic()
                if refusal is None and (self._is_full() or rate_limit.wait_s(now) != 0.0):
                    break
                turns.popleft()
                if refusal is None:
                    rate_limit.acquire(now)
                    self._budget = self._budget.reserve(run.job_run.job, run.turn.worst)
                run.turn = None
                self._resume(run, refusal)

    def _is_full(self) -> bool:
        """Return whether -j jobs are at providers, or a finished one is being downloaded."""
        if sum(rate_limit.in_flight for rate_limit in self._rate_limits.values()) >= self._settings.jobs:
            return True
        return any(run.job_run.is_fetching for run in self._active)

    def _refusal(self, job: str, turn: Turn) -> Skipped | None:
        closed = self._rate_limits[turn.provider].closed
        if closed is not None:
            return closed
        if self._store.broken is not None:
            return ReceiptUnwritten(why=str(self._store.broken))
        if self._settings.fail_fast and self._failed:
            return FailedFast()
        return self._budget.refusal(job, turn.worst)

    def _turn_wait_s(self) -> float:
        """Return the seconds until a rate limit, and nothing else, lets a waiting job submit."""
        now = self._world.monotonic()
        waits = [self._rate_limits[provider].wait_s(now) for provider, turns in self._turns.items() if turns]
        return min((wait for wait in waits if wait), default=self._world.limits.stop_check_s)

    def _skip(self, job_run: JobRun, ending: Skipped) -> None:
        self._end(job_run, Outcome(job=job_run.job, model=job_run.request.model.id, ending=ending))

    def _end(self, job_run: JobRun, outcome: Outcome) -> None:
        self._outcomes[job_run.job] = outcome
        self._failed = self._failed or outcome.result is Result.FAILED
        self._budget = self._budget.settle(job_run.job, outcome.spent_usd)
        for other in self._needed_by.pop(job_run.job, ()):
            self._needs[other.job].discard(job_run.job)
            if not self._needs[other.job]:
                self._ready.append(other)


def _harmless(notify: Callable[[Progress], None]) -> Callable[[Progress], None]:
    """Return a listener whose own errors, such as a closed terminal, do not affect a job."""

    def told(progress: Progress) -> None:
        with contextlib.suppress(Exception):
            notify(progress)

    return told
