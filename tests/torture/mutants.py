"""Ways to break the runner on purpose: a harness that never saw a fault proves nothing."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from runner.records.submission import Phase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path
    from typing import BinaryIO

    from runner.plan.rolls import Rerolls
    from runner.records.lock import Entry
    from runner.records.request import Request
    from runner.records.submission import Event
    from runner.state.row_writer import Unwritten


def no_intent() -> None:
    """Send without writing down first that something will be sent."""
    from runner.state.store import StateStore

    original = StateStore.stage

    def stage(self: StateStore, *events: Event) -> None:
        original(self, *(event for event in events if event.phase is not Phase.INTENT))

    StateStore.stage = stage  # type: ignore[method-assign]


def effects_before_rows() -> None:
    """Let effects out first, and write the rows that they depend on one turn later."""
    from runner.state.row_writer import RowWriter
    from runner.state.store import StateStore

    write, close = RowWriter.commit, StateStore.close
    waiting: list[Event] = []

    def commit(self: RowWriter) -> Unwritten | None:
        new, self._staged = self._staged, [*waiting]
        waiting[:] = new
        return write(self)

    def close_all(self: StateStore) -> None:
        self.commit()
        close(self)

    RowWriter.commit = commit  # type: ignore[method-assign]
    StateStore.close = close_all  # type: ignore[method-assign]


def roll_again() -> None:
    """Ask for a roll that an earlier run has begun and can finish once more."""
    from runner.plan import decide
    from runner.plan.rolls import rolls
    from runner.records.lock import State

    def rolled(request: Request, own: Entry, family: Iterable[Entry], asked: Rerolls) -> tuple[Request, ...]:
        return rolls(request, own, [entry for entry in family if entry.state is not State.PENDING], asked)

    assert "rolls" in vars(decide), "what is replaced here must be what plans"
    setattr(decide, "rolls", rolled)  # noqa: B010 - it is imported there, not exported


def no_lock() -> None:
    """Let any number of runs write at once."""
    from runner.state import run_lock

    @contextlib.contextmanager
    def hold(*_args: object, **_kwargs: object) -> Iterator[None]:
        yield

    run_lock.hold = hold


def place_in_pieces() -> None:
    """Write outputs where they belong, instead of renaming whole files to there."""
    import time

    from runner.state import outputs

    def place(source: BinaryIO, _sha256: str, root: Path, relative: str, **_kwargs: object) -> None:
        target = root / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        data = source.read()
        with target.open("wb", buffering=0) as file:
            for start in range(0, len(data), 512):
                file.write(data[start : start + 512])
                time.sleep(0.004)  # long enough that a kill at any moment of a run often falls into it

    assert "place" in vars(outputs), "what is replaced here must be what writes"
    setattr(outputs, "place", place)  # noqa: B010 - it is imported there, not exported


MUTANTS: Mapping[str, Callable[[], None]] = {
    "no-intent": no_intent,
    "effects-before-rows": effects_before_rows,
    "roll-again": roll_again,
    "no-lock": no_lock,
    "place-in-pieces": place_in_pieces,
}
