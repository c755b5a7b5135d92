"""The loop: a heap of due times, a small thread pool, one writer.

Worker threads do one piece of work each (a submit, a poll, a download) and put what came of it into the inbox. The loop
alone drives the jobs' lives, and so it alone decides and writes: even the row `intent`, which must be durable between
the connection and the first byte of a submit, is written here while the worker waits at its gate. A job that waits
costs a heap entry, not a thread.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import queue
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, assert_never

from runner.engine import outcomes
from runner.engine.effects import Interrupted, Progress, Turn, Wait, Work
from runner.engine.job_run import Life
from runner.errors import StateError
from runner.provider.rate_limit import Pace, Refusal
from runner.records.media_types import EXTENSIONS
from runner.records.outcome import Result
from runner.records.plan import Verb
from runner.records.provider import ErrorGroup

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from runner.engine.effects import Effect, Terms, World
    from runner.records.outcome import Outcome
    from runner.records.plan import Action, Plan
    from runner.state.store import StateStore

MIN_WAIT_S = 0.001


@dataclass(frozen=True, slots=True)
class _Knock:
    """A worker stands between its connection and its first byte and waits at the gate."""

    work: Work
    opened: threading.Event
    refused: list[Exception]


@dataclass(frozen=True, slots=True)
class _Came:
    """What came of a piece of work."""

    run: _Run
    value: object = None
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class _Woken:
    """Somebody outside says that an attempt is over."""

    attempt: str


_Message: TypeAlias = "_Knock | _Came | _Woken"


@dataclass(eq=False, slots=True)
class _Run:
    """A life under way: its generator, and what it waits for."""

    life: Life
    line: Generator[Effect, Any, Outcome]
    turn: Turn | None = None
    working: bool = False
    alarm: int | None = None
    """The number of the heap entry it waits for; another number in the heap is void."""


class Executor:
    """Runs the actions of one plan. Use once."""

    def __init__(
        self, plan: Plan, terms: Terms, world: World, store: StateStore, notify: Callable[[Progress], None]
    ) -> None:
        self._plan, self._terms, self._world, self._store = plan, terms, world, store
        self._notify = _harmless(notify)
        self._budget = terms.budget
        self._outcomes: dict[str, Outcome] = {}
        self._inbox: queue.SimpleQueue[_Message] = queue.SimpleQueue()
        self._heap: list[tuple[float, int, _Run]] = []
        self._order = itertools.count()
        self._ready: deque[Life] = deque()
        self._needs: dict[str, set[str]] = {}
        self._needed_by: dict[str, list[Life]] = {}
        self._active: set[_Run] = set()
        self._turns: dict[str, deque[_Run]] = {name: deque() for name in terms.providers}
        self._paces = {
            name: Pace(slots=access.provider.max_in_flight, window=access.provider.submits, limits=world.limits)
            for name, access in terms.providers.items()
        }
        self._failed = False

    def run(self) -> tuple[Outcome, ...]:
        """Do everything and return how each job ended, in the order of the plan."""
        self._open()
        with ThreadPoolExecutor(max_workers=self._terms.jobs, thread_name_prefix="work") as pool:
            self._pool = pool
            try:
                while self._ready or self._active:
                    self._go_on()
            except BaseException:
                self._see_to_receipts()
                raise
        return tuple(self._outcomes[action.request.job] for action in (*self._plan.actions, *self._plan.collect))

    def _go_on(self) -> None:
        self._begin_ready()
        if self._world.stop.is_set():
            self._interrupt_waiting()
        self._give_turns()
        self._wake_due()
        if self._active:
            self._listen()
        self._store.tick()

    def _see_to_receipts(self) -> None:
        """Let nothing new go, and write down what comes of all that is under way, although the loop is broken."""
        self._world.stop.set()
        while self._active:
            with contextlib.suppress(Exception):
                self._go_on()

    # ------------------------------------------------------------ beginning

    def _open(self) -> None:
        """Settle what needs no vendor, and open the journal's rows of what does, all in one write."""
        lives = []
        for action in self._plan.actions:
            match action.verb:
                case Verb.REUSE:
                    self._settle(action, outcomes.reused(action))
                case Verb.BLOCKED:
                    self._settle(action, outcomes.blocked(action, self._terms.resolving))
                case Verb.RESTORE:
                    self._settle(action, self._restore(action))
                case Verb.GENERATE | Verb.REGENERATE | Verb.RESUME:
                    lives.append(self._life(action))
                case _:
                    assert_never(action.verb)
        for action in self._plan.collect:
            if action.verb is Verb.BLOCKED:
                self._settle(action, outcomes.blocked(action, self._terms.resolving))
            else:
                lives.append(self._life(action))
        rows = [row for life in lives for row in life.story.rows_to_begin()]
        if rows:
            self._store.record(*rows)
        coming = {life.job for life in lives}
        for life in lives:
            missing = {need for need in life.request.needs if need in coming}
            self._needs[life.job] = missing
            for need in missing:
                self._needed_by.setdefault(need, []).append(life)
            if not missing:
                self._ready.append(life)

    def _life(self, action: Action) -> Life:
        return Life(
            action,
            terms=self._terms,
            world=self._world,
            store=self._store,
            pace=self._paces[action.request.model.provider],
            notify=self._notify,
        )

    def _restore(self, action: Action) -> Outcome:
        """Put a take that is in the store, or at its old place, where its output belongs."""
        request, entry = action.request, action.entry
        assert entry is not None
        assert request.output is not None, "what is only collected is not restored"
        media_type = entry.chosen(request.take).media_type
        try:
            placed = self._store.bring(
                request.job,
                entry,
                action.entry_job or request.job,
                output=request.output + EXTENSIONS[media_type],
                take=request.take,
            )
        except (StateError, OSError) as error:
            return outcomes.unrestored(action, error)
        return outcomes.restored(action, placed)

    def _settle(self, action: Action, outcome: Outcome) -> None:
        self._outcomes[action.request.job] = outcome
        self._failed = self._failed or outcome.result is Result.FAILED
        if outcome.result is not Result.REUSED:
            self._notify(Progress(job=outcome.job, state=outcome.result, note=outcome.message, over=True))

    def _begin_ready(self) -> None:
        while self._ready:
            life = self._ready.popleft()
            missing = [need for need in life.request.needs if not self._is_there(need)]
            if missing:
                self._end(life, outcomes.skipped(life.request, f"needs {missing[0]}, which is not there"))
                continue
            run = _Run(life=life, line=life.live())
            self._active.add(run)
            self._resume(run, None)

    def _is_there(self, need: str) -> bool:
        ended = self._outcomes.get(need)
        return ended is None or ended.result.is_there

    # ------------------------------------------------------------ driving one life

    def _resume(self, run: _Run, value: object, error: BaseException | None = None) -> None:
        """Send a life what it waited for, and note what it wants next."""
        try:
            effect = run.line.send(value) if error is None else run.line.throw(error)
        except StopIteration as end:
            self._active.discard(run)
            self._end(run.life, end.value)
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
                self._pool.submit(self._do, run, effect)
            case _:
                assert_never(effect)

    def _do(self, run: _Run, work: Work) -> None:
        """Run in a worker thread; whatever happens, something comes."""
        try:
            value = work.call(lambda: self._knock(work))
        except Exception as error:  # noqa: BLE001 - it is raised again where the life waits for it
            self._inbox.put(_Came(run, error=error))
        else:
            self._inbox.put(_Came(run, value=value))

    def _knock(self, work: Work) -> None:
        """Wait, in a worker thread, until the loop has done what must be done before the first byte."""
        knock = _Knock(work, threading.Event(), [])
        self._inbox.put(knock)
        knock.opened.wait()
        if knock.refused:
            raise knock.refused[0]

    def _listen(self) -> None:
        """Wait for the next thing that happens, or the next due time."""
        wait_s = min(self._world.limits.stop_check_s, self._turn_wait_s())
        if self._heap:
            wait_s = min(wait_s, max(0.0, self._heap[0][0] - self._world.monotonic()))
        try:
            message = self._inbox.get(timeout=max(wait_s, MIN_WAIT_S))
        except queue.Empty:
            return
        match message:
            case _Knock():
                try:
                    if self._world.stop.is_set():
                        raise Interrupted
                    message.work.at_gate()
                except Exception as error:  # noqa: BLE001 - it is raised again in the worker, which then sends nothing
                    message.refused.append(error)
                message.opened.set()
            case _Came():
                message.run.working = False
                self._resume(message.run, message.value, message.error)
            case _Woken():
                self._woken(message.attempt)
            case _:
                assert_never(message)

    def _wake_due(self) -> None:
        now = self._world.monotonic()
        while self._heap and self._heap[0][0] <= now:
            _, alarm, run = heapq.heappop(self._heap)
            if run.alarm == alarm:
                run.alarm = None
                self._resume(run, None)

    def wake(self, attempt: str) -> None:
        """Poll this attempt at once if it waits for its next poll. Safe to call from any thread."""
        self._inbox.put(_Woken(attempt))

    def _woken(self, attempt: str) -> None:
        for run in self._active:
            if run.alarm is not None and run.life.is_generating and run.life.submission.attempt == attempt:
                run.alarm = None
                self._resume(run, None)
                return

    def _interrupt_waiting(self) -> None:
        """End every life that waits; those at work are let finish what they do."""
        waiting = [run for run in self._active if not run.working]
        self._heap.clear()
        for turns in self._turns.values():
            turns.clear()
        for life in self._ready:
            self._end(life, outcomes.skipped(life.request, "not submitted: interrupted"))
        self._ready.clear()
        for run in waiting:
            run.alarm = None
            self._resume(run, None, Interrupted())

    # ------------------------------------------------------------ leave to submit

    def _give_turns(self) -> None:
        """Let those submit who may; finished jobs are downloaded before anything new is submitted."""
        for provider, turns in self._turns.items():
            pace = self._paces[provider]
            while turns:
                run = turns[0]
                assert run.turn is not None
                refusal = self._refusal(run.life.job, run.turn)
                now = self._world.monotonic()
                if refusal is None and (self._is_full() or pace.wait_s(now) != 0.0):
                    break
                turns.popleft()
                if refusal is None:
                    pace.enter(now)
                    self._budget = self._budget.reserve(run.life.job, run.turn.worst)
                run.turn = None
                self._resume(run, refusal)

    def _is_full(self) -> bool:
        """Say whether -j jobs are at vendors, or a finished one waits for its download."""
        if sum(pace.inside for pace in self._paces.values()) >= self._terms.jobs:
            return True
        return any(run.life.is_fetching for run in self._active if run.working)

    def _refusal(self, job: str, turn: Turn) -> Refusal | None:
        closed = self._paces[turn.provider].closed
        if closed is not None:
            return closed
        if self._store.broken is not None:
            return Refusal(message=f"a receipt could not be written ({self._store.broken})")
        if self._terms.fail_fast and self._failed:
            return Refusal(message="another job failed (--fail-fast)")
        over = self._budget.refusal(job, turn.worst)
        return (
            None
            if over is None
            else Refusal(message=over, help="raise the budget or --max-cost", group=ErrorGroup.BALANCE)
        )

    def _turn_wait_s(self) -> float:
        """Return how long the first waiting turn may have to wait for its vendor's pace alone."""
        now = self._world.monotonic()
        waits = [self._paces[provider].wait_s(now) for provider, turns in self._turns.items() if turns]
        return min((wait for wait in waits if wait), default=self._world.limits.stop_check_s)

    # ------------------------------------------------------------ ending

    def _end(self, life: Life, outcome: Outcome) -> None:
        self._outcomes[life.job] = outcome
        self._failed = self._failed or outcome.result is Result.FAILED
        self._budget = self._budget.settle(life.job, outcome.spent_usd)
        for other in self._needed_by.pop(life.job, ()):
            self._needs[other.job].discard(life.job)
            if not self._needs[other.job]:
                self._ready.append(other)


def _harmless(notify: Callable[[Progress], None]) -> Callable[[Progress], None]:
    """Return a listener whose own trouble, a closed terminal say, disturbs no job."""

    def told(progress: Progress) -> None:
        with contextlib.suppress(Exception):
            notify(progress)

    return told
