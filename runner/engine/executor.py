"""The loop: a heap of due times, lanes of worker threads, one writer.

Worker threads do one piece of work each (a submission, a poll, a download) and put the result into the inbox. The loop
alone drives the jobs, decides and writes. It takes all that is in the inbox, lets every job go on that can, writes what they
have recorded in one transaction, and only then lets their effects out: a gate opens, a poll starts, a file is placed. Even
the row `intent` is written here: the worker, connected but with nothing sent, waits at its gate until the row is on disk.
"""

from __future__ import annotations

import contextlib
from collections import deque
from decimal import Decimal
from typing import TYPE_CHECKING, Any, assert_never

from msgspec import Struct

from runner.engine import endings
from runner.engine.alarms import Alarms
from runner.engine.effects import Compute, Durable, Interrupted, PollTurn, Progress, Turn, Wait, Work, harmless
from runner.engine.job_run import JobRun
from runner.engine.late_run import LateRun
from runner.engine.order import Order
from runner.engine.placing import PlaceRun
from runner.engine.turns import Turns
from runner.engine.workers import LOOK_S, Finished, ReadyToSend, Wake, Workers
from runner.records.endings import Held, NeedMissing, Reused
from runner.records.outcome import Outcome
from runner.records.plan import Verb

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from runner.engine.effects import Effect, Run, RunSettings, World
    from runner.engine.workers import Message
    from runner.records.endings import Ending
    from runner.records.lock import Entry
    from runner.records.plan import Action, Plan
    from runner.state.row_writer import Unwritten
    from runner.state.store import StateStore

MIN_WAIT_S = 0.001
FAILED_TURNS = 10
"""A loop that fails in so many turns one after another ends, whatever is still under way."""


class _ActiveJob(Struct, eq=False):
    """A job in progress: its generator, and the effect that it waits for."""

    run: Run
    steps: Generator[Effect, Any, Outcome]
    working: bool = False


class Executor:
    """Runs the actions of one plan. Use once."""

    def __init__(
        self, plan: Plan, settings: RunSettings, world: World, store: StateStore, notify: Callable[[Progress], None]
    ) -> None:
        self._plan, self._settings, self._world, self._store = plan, settings, world, store
        self._notify = harmless(notify)
        self._outcomes: dict[str, Outcome] = {}
        self._workers: Workers[_ActiveJob] = Workers(settings.jobs)
        self._alarms: Alarms[_ActiveJob] = Alarms()
        self._ready: deque[Run] = deque()
        self._order: Order[Run] = Order(())
        self._active: set[_ActiveJob] = set()
        self._yielded: deque[tuple[_ActiveJob, Effect | Outcome]] = deque()
        """What jobs want next, held back until the rows of this turn are on disk."""
        self._at_gate: deque[ReadyToSend[_ActiveJob]] = deque()
        self._durable: deque[_ActiveJob] = deque()
        """Jobs that waited for nothing but the disk."""
        self._turns: Turns[_ActiveJob] = Turns(settings, world)
        self._fetching: dict[_ActiveJob, float] = {}
        """The jobs whose takes are being downloaded, or wait for it, and since when."""

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
        return tuple(self._outcomes[action.request.name] for action in (*self._plan.actions, *self._plan.collect))

    @property
    def slots(self) -> Mapping[str, int | None]:
        """Provider → how many slots it was found to have; None where that is not less than it may have."""
        return {name: rate_limit.learned for name, rate_limit in self._turns.rate_limits.items()}

    def _turn_once(self) -> None:
        if self._world.stop.is_set():
            self._interrupt_waiting()
        for message in self._workers.messages(self._wait_s()):
            self._handle(message)
        self._begin_ready()
        while self._durable:
            self._resume(self._durable.popleft(), None)
        self._wake_due()
        self._let_out()
        self._workers.grow()
        self._store.tick()

    def _record_running(self) -> None:
        """Start nothing new and record the results of all running work, although the loop has failed; end when it only fails."""
        self._world.stop.set()
        self._go_on()
        self._workers.abandon(self._at_gate, Interrupted())  # a receipt may still be on its way: this waits for it
        self._go_on()

    def _go_on(self) -> None:
        failed = 0
        while self._active and failed < FAILED_TURNS:
            failed += 1
            with contextlib.suppress(Exception):
                self._turn_once()
                failed = 0

    def _open(self) -> None:
        """Settle the actions that need nothing done, and write the first journal rows of the others, all in one write.

        Whose each submission is now enters the lock before anything else happens.
        """
        self._store.take_up(self._plan.owners)
        runs: list[Run] = []
        for action in self._plan.actions:
            match action.verb:
                case Verb.REUSE:
                    self._settle(action, Reused(), action.entry)
                case Verb.BLOCKED:
                    self._settle(action, endings.blocked(action), action.entry)
                case Verb.RESTORE | Verb.MASTER:
                    runs.append(PlaceRun(action, self._store, notify=self._notify, profile=self._settings.profile))
                case Verb.GENERATE | Verb.REGENERATE if action.request.waits_for:
                    runs.append(LateRun(action, self._store, start=self._job_run, notify=self._notify))
                case Verb.GENERATE | Verb.REGENERATE | Verb.RESUME:
                    runs.append(self._job_run(action))
                case _:
                    assert_never(action.verb)
        for action in self._plan.collect:
            if action.verb is Verb.BLOCKED:
                self._settle(action, endings.blocked(action))
            else:
                runs.append(self._job_run(action))
        rows = [row for run in runs if isinstance(run, JobRun) for row in run.log.opening_rows()]
        if rows:
            self._store.record(*rows)
        self._order = Order(runs)
        self._ready.extend(run for run in runs if not self._order.waits(run))

    def _job_run(self, action: Action) -> JobRun:
        return JobRun(
            action,
            settings=self._settings,
            world=self._world,
            store=self._store,
            rate_limit=self._turns.rate_limits[action.request.model.provider],
            notify=self._notify,
        )

    def _settle(self, action: Action, ending: Ending, entry: Entry | None = None) -> None:
        """Keep the outcome of an action that needs nothing done."""
        request = action.request
        spent_usd = None if isinstance(ending, Held) else Decimal(0)
        outcome = Outcome.of(request, ending, entry, spent_usd=spent_usd)
        self._outcomes[request.name] = outcome
        self._turns.note(outcome)
        if not isinstance(ending, Reused):
            self._notify(Progress(job=outcome.name, state=outcome.result, ending=ending))

    def _begin_ready(self) -> None:
        while self._ready:
            run = self._ready.popleft()
            missing = [need for need in run.request.needs if not self._is_there(need)]
            if missing:
                self._end(run, Outcome.of(run.request, NeedMissing(need=missing[0])))
                continue
            active = _ActiveJob(run=run, steps=run.run())
            self._active.add(active)
            self._resume(active, None)

    def _is_there(self, need: str) -> bool:
        ended = self._outcomes.get(need)
        return ended is None or ended.result.is_there

    # ------------------------------------------------------------ what jobs yield

    def _resume(self, job: _ActiveJob, value: object, error: BaseException | None = None) -> None:
        """Send a job the result that it waited for, and hold back what it wants next."""
        try:
            wanted: Effect | Outcome = job.steps.send(value) if error is None else job.steps.throw(error)
        except StopIteration as end:
            wanted = end.value
            self._turns.note(end.value)  # its slot is free, and another job may have its turn before this is let out
        self._yielded.append((job, wanted))

    def _let_out(self) -> None:
        """Make the rows of this turn durable, and only then let out what their jobs want: the order of rules 3 and 5."""
        while self._give_turns() or self._yielded or self._at_gate:
            self._start_unrecorded()
            unwritten = self._store.commit()
            for _ in range(len(self._at_gate)):
                self._open_gate(self._at_gate.popleft(), unwritten)
            for _ in range(len(self._yielded)):
                job, wanted = self._yielded.popleft()
                if unwritten is not None and job.run.attempt in unwritten.attempts:
                    self._break(job, wanted, unwritten)
                else:
                    self._start(job, wanted)

    def _start_unrecorded(self) -> None:
        """Let out what those jobs want that have recorded nothing: it is done while the others wait for the disk."""
        recorded = self._store.unwritten
        for _ in range(len(self._yielded) if recorded else 0):
            job, wanted = self._yielded.popleft()
            if job.run.attempt in recorded:
                self._yielded.append((job, wanted))
            else:
                self._start(job, wanted)

    def _open_gate(self, gate: ReadyToSend[_ActiveJob], unwritten: Unwritten | None) -> None:
        if unwritten is not None and gate.owner.run.attempt in unwritten.attempts:
            gate.refuse(unwritten.error)
        else:
            gate.open_gate()

    def _break(self, job: _ActiveJob, wanted: Effect | Outcome, unwritten: Unwritten) -> None:
        """Tell a job that its rows were not written, in place of what it wants."""
        if isinstance(wanted, Outcome):
            self._start(job, job.run.broken(unwritten.error))
        else:
            self._resume(job, None, unwritten.error)

    def _start(self, job: _ActiveJob, wanted: Effect | Outcome) -> None:
        """Let out what a job wants, now that its rows are on disk."""
        if job.run.is_fetching:
            self._fetching.setdefault(job, self._world.monotonic())
        else:
            self._fetching.pop(job, None)
        match wanted:
            case Outcome():
                self._active.discard(job)
                self._end(job.run, wanted)
            case Durable():
                self._durable.append(job)
            case Turn():
                self._turns.add(job, wanted)
            case Wait():
                self._alarms.set(job, self._world.monotonic() + wanted.seconds)
            case PollTurn():
                self._alarms.set_poll(job, job.run.attempt, wanted, self._turns.poll_at(wanted))
            case Work():
                job.working = True
                self._workers.start(job, wanted)
            case Compute():
                try:
                    self._workers.follow(job, self._world.cpu.submit(wanted.call, *wanted.args))
                    job.working = True
                except Exception as error:  # noqa: BLE001 - it is raised again in the job
                    self._resume(job, None, error)
            case _:
                assert_never(wanted)

    # ------------------------------------------------------------ what happens

    def _wait_s(self) -> float:
        """Return how long the next message may be waited for: until the next due time at most."""
        if self._ready or self._durable:
            return 0.0
        wait_s = min(self._world.limits.stop_check_s, self._turns.wait_s())
        if self._workers.may_grow:
            wait_s = min(wait_s, LOOK_S)
        at = self._alarms.next_at()
        if at is not None:
            wait_s = min(wait_s, max(0.0, at - self._world.monotonic()))
        return max(wait_s, MIN_WAIT_S)

    def _handle(self, message: Message[_ActiveJob]) -> None:
        match message:
            case ReadyToSend():
                self._prepare_to_send(message)
            case Finished():
                message.owner.working = False
                self._resume(message.owner, message.value, message.error)
            case Wake():
                job = self._alarms.polled(message.attempt)
                if job is not None:
                    self._wake(job)
            case _:
                assert_never(message)

    def _prepare_to_send(self, gate: ReadyToSend[_ActiveJob]) -> None:
        """Record that a submission is about to be sent; its gate opens when that is on disk."""
        if self._world.stop.is_set():
            gate.refuse(Interrupted())
            return
        try:
            gate.work.at_gate()
        except Exception as error:  # noqa: BLE001 - it is raised again in the worker
            gate.refuse(error)
        else:
            self._at_gate.append(gate)

    def _wake_due(self) -> None:
        for job in self._alarms.due(self._world.monotonic()):
            turn = self._alarms.put_off(job)
            if turn is not None and self._turns.is_filling(turn.provider):
                self._alarms.set(job, self._turns.poll_at(turn))  # to submit is worth more now than to ask
            else:
                self._wake(job)

    def _wake(self, job: _ActiveJob) -> None:
        self._alarms.drop(job, job.run.attempt)
        self._resume(job, None)

    def wake(self, attempt: str) -> None:
        """Poll this attempt at once if it waits for its next poll. Safe to call from any thread."""
        self._workers.wake(attempt)

    def _interrupt_waiting(self) -> None:
        """End every job that waits; a job whose worker is busy, or whose answer is unread, goes on to its next wait."""
        goes_on = {*self._durable, *(job for job, _ in self._yielded)}
        waiting = [job for job in self._active if not job.working and job not in goes_on]
        self._alarms.clear()
        self._turns.clear()
        while self._ready:
            run = self._ready.popleft()
            self._end(run, run.interrupted())
        for job in waiting:
            self._resume(job, None, Interrupted())

    def _give_turns(self) -> bool:
        """Let the jobs go on whose turn it is, and return whether there are any."""
        oldest = next(iter(self._fetching.values()), None)
        before = len(self._yielded)
        for job, refusal in self._turns.give(broken=self._store.broken, oldest_fetch=oldest):
            self._resume(job, refusal)
        return len(self._yielded) > before

    def _end(self, run: Run, outcome: Outcome) -> None:
        name = run.request.name
        self._outcomes[name] = outcome
        self._turns.note(outcome)
        self._turns.settle(name, outcome.spent_usd)
        self._ready.extend(self._order.after(name))
