"""Ways to break the runner on purpose: a harness that never saw a fault proves nothing."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from runner.records.submission import Phase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path
    from typing import BinaryIO

    from runner.records.submission import Event


def no_intent() -> None:
    """Send without writing down first that something will be sent."""
    from runner.state.store import StateStore

    original = StateStore.stage

    def stage(self: StateStore, *events: Event) -> None:
        original(self, *(event for event in events if event.phase is not Phase.INTENT))

    StateStore.stage = stage  # type: ignore[method-assign]


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
    "no-lock": no_lock,
    "place-in-pieces": place_in_pieces,
}
