"""A job of this machine of which this run makes an input first: what exactly it asks for is known when its turn has come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runner.engine import endings
from runner.engine.effects import Progress
from runner.errors import StateError
from runner.frozen import replace
from runner.plan.inputs import with_content
from runner.records.endings import Stopped
from runner.records.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from runner.engine.effects import Effect
    from runner.engine.job_run import JobRun
    from runner.records.endings import Ending
    from runner.records.plan import Action
    from runner.records.request import Request
    from runner.state.store import StateStore


class LateRun:
    """Waits for its inputs, which are takes in their place by then, and goes on as the JobRun of what it asks for."""

    is_fetching = False

    def __init__(
        self,
        action: Action,
        store: StateStore,
        *,
        start: Callable[[Action], JobRun],
        notify: Callable[[Progress], None],
    ) -> None:
        self.request, self.job = action.request, action.request.job
        self._action, self._store, self._start, self._notify = action, store, start, notify
        self._begun: JobRun | None = None

    @property
    def attempt(self) -> str:
        """Return the attempt whose rows it records; an empty text before there is one."""
        return self._begun.attempt if self._begun else ""

    def run(self) -> Generator[Effect, Any, Outcome]:
        """Do it. The loop drives this generator and keeps what it returns."""
        request = self._bound()
        if request.waits_for:
            missing = StateError(f"the input {request.waits_for[0]} has no take in its place", help="run again")
            return self.broken(missing)
        begun = self._start(replace(self._action, request=request))
        self._store.stage(*begun.log.opening_rows())
        self._begun = begun
        return (yield from begun.run())

    def broken(self, error: Exception) -> Outcome:
        """Return the outcome after an error on this machine."""
        return self._begun.broken(error) if self._begun else self._outcome(endings.broken(error))

    def interrupted(self) -> Outcome:
        """Return the outcome of a job that the end of the run stops."""
        return self._begun.interrupted() if self._begun else self._outcome(Stopped())

    def _bound(self) -> Request:
        """Return the request with the takes that are in the places of its inputs now."""
        placed = {item.name: self._store.placed_take(item.name) for item in self.request.inputs if not item.is_file}
        return with_content(self.request, {job: take.sha256 if take else None for job, take in placed.items()})

    def _outcome(self, ending: Ending) -> Outcome:
        self._notify(Progress(job=self.job, state=ending.result, ending=ending))
        return Outcome(job=self.job, model=self.request.model.id, ending=ending, entry=self._action.entry)
