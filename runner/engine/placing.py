"""The steps that put a take at its output: what the lock says is decided on the loop, the copy is made in another thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runner.engine import endings
from runner.engine.computing import ComputeFailed
from runner.engine.effects import Interrupted, Lane, Progress, Work
from runner.engine.mastering import NOT_MASTERED, output_of
from runner.errors import StateError
from runner.frozen import replace
from runner.plan.chosen import chosen
from runner.plan.finishing import known_output
from runner.records.endings import Mastered, Restored, Stopped
from runner.records.family import NumberedTake
from runner.records.lock import Output, chosen_take
from runner.records.outcome import Outcome
from runner.records.plan import Verb

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from runner.engine.effects import Effect
    from runner.records.endings import Ending
    from runner.records.lock import Entry
    from runner.records.plan import Action
    from runner.state.store import StateStore


def to_place(store: StateStore, action: Action, made: Entry) -> NumberedTake:
    """Return the take that belongs at the output of an action whose submission has ended as `made`.

    It is one of another submission where that is chosen and its audio is here: a roll that was picked, for instance.
    """
    planned, request = action.chosen, action.request
    if planned is not None:
        return replace(planned, entry=made, take=chosen_take(made.takes, planned.take.number))

    def is_gone(item: NumberedTake) -> bool:
        return item.entry.attempt != made.attempt and not store.blobs.check(item.take.sha256)

    found = chosen(request, made, store.family(made), store.ledger.picks(request.job), is_lost=is_gone)
    if not is_gone(found):
        return found
    return NumberedTake(number=request.take, entry=made, take=chosen_take(made.takes, request.take))


def put_in_place(store: StateStore, job: str, entry: Entry, output: Output) -> Generator[Effect, Any, Entry]:
    """Put a take of an entry at its output and return the entry as it is then. Raises as `StateStore.bring` does."""
    with store.placing(job, entry, output) as placement:
        stale: Mapping[str, str] = yield Work(lane=Lane.FETCH, call=lambda _gate: store.copy(placement))
        return store.placed(placement, stale)


class PlaceRun:
    """Puts a take that is here at its output: as it is, or finished."""

    attempt, is_fetching = "", False
    """It writes no journal rows and needs no provider."""

    def __init__(
        self, action: Action, store: StateStore, *, notify: Callable[[Progress], None], profile: str | None
    ) -> None:
        self.request, self.job = action.request, action.request.job
        self._action, self._store, self._notify, self._profile = action, store, notify, profile

    def run(self) -> Generator[Effect, Any, Outcome]:
        """Do it. The loop drives this generator and keeps what it returns."""
        action, chosen = self._action, self._action.chosen
        assert chosen is not None, "only a take that is there can be placed"
        try:
            output = yield from self._output(chosen)
            placed = yield from put_in_place(self._store, self.job, chosen.entry, output)
        except Interrupted:
            return self.interrupted()
        except NOT_MASTERED as error:
            return self._outcome(endings.not_mastered(error, made=False), action.entry)
        except (StateError, OSError, ComputeFailed) as error:
            return self.broken(error)
        is_mastered = action.verb is Verb.MASTER
        return self._outcome(Mastered(reason=action.reason) if is_mastered else Restored(reason=action.reason), placed)

    def _output(self, chosen: NumberedTake) -> Generator[Effect, Any, Output]:
        """Return the output that the chosen take is to be; where it has to be finished for that, finish it."""
        known = known_output(self.request, chosen)
        if known is not None and self._action.verb is not Verb.MASTER:
            return replace(known, profile=self._profile)

        def report(state: str) -> None:
            self._notify(Progress(job=self.job, state=state))

        return (yield from output_of(self._store, self.request, chosen, self._profile, report))

    def broken(self, error: Exception) -> Outcome:
        """Return the outcome after an error on this machine."""
        return self._outcome(endings.broken(error), self._action.entry)

    def interrupted(self) -> Outcome:
        """Return the outcome of a job that the end of the run stops."""
        return self._outcome(Stopped(), self._action.entry)

    def _outcome(self, ending: Ending, entry: Entry | None) -> Outcome:
        self._notify(Progress(job=self.job, state=ending.result, ending=ending))
        return Outcome.of(self.request, ending, entry)
