"""Progress: a live table on a terminal, plain lines elsewhere, all on stderr."""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from runner.cli.show import print_err, print_out
from runner.report.style import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.table import Table

    from runner.engine.effects import Progress

_MAX_LINES = 20


@contextmanager
def showing(kind: str, *, jobs: int) -> Iterator[Callable[[Progress], None]]:
    """Yield what the engine tells its progress to. `kind` is auto, live, plain or none.

    A table that redraws itself does not go with lines between, so -v makes auto plain. --format jsonl is progress by
    itself: an event a line on stdout.
    """
    from runner.cli.show import output_options, style_for

    how = output_options()
    if how.format_ == "jsonl":
        kind = "jsonl"
    elif how.quiet:
        kind = "none"
    elif kind == "auto":
        moving = sys.stderr.isatty() and os.environ.get("TERM") != "dumb" and not how.verbose
        kind = "live" if moving else "plain"
    match kind:
        case "jsonl":
            yield _event
        case "live":
            from rich.console import Console
            from rich.live import Live

            board = _Board(jobs)
            console = Console(stderr=True, no_color=not style_for(sys.stderr).color)
            table = Live(console=console, get_renderable=board.table, refresh_per_second=8, transient=True)

            def note(progress: Progress) -> None:
                board.note(progress)
                table.start()  # not before the first job begins: until then the run may ask for leave to spend

            try:
                yield note
            finally:
                table.stop()
        case "plain":
            yield _Lines().note
        case _:
            yield lambda _progress: None


def _event(progress: Progress) -> None:
    """Print one change of state as a line of JSON."""
    from runner.report.as_json import line

    said = {"job": progress.job, "state": progress.state, "note": _note(progress), "over": progress.ending is not None}
    print_out(line("progress", said | {"take": progress.take, "takes": progress.takes}), inert=False)


class _Lines:
    """One line for each change of state."""

    def __init__(self) -> None:
        self._last: dict[str, str] = {}
        self._started = time.monotonic()

    def note(self, progress: Progress) -> None:
        text = _state(progress)
        if self._last.get(progress.job) == text:
            return
        self._last[progress.job] = text
        elapsed = time.monotonic() - self._started
        print_err(f"{elapsed:7.1f}s  {clean(progress.job)}  {text}")


class _Board:
    """One line a job that is under way: state, elapsed, take; and how many are done."""

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._over = 0
        self._begun: dict[str, float] = {}
        self._states: dict[str, Progress] = {}

    def note(self, progress: Progress) -> None:
        self._begun.setdefault(progress.job, time.monotonic())
        if progress.ending is not None:
            self._over += 1
            self._states.pop(progress.job, None)
        else:
            self._states[progress.job] = progress

    def table(self) -> Table:
        from rich.table import Table
        from rich.text import Text

        table = Table.grid(padding=(0, 2))
        now = time.monotonic()
        for job, progress in list(self._states.items())[:_MAX_LINES]:
            table.add_row(
                Text(clean(job), style="bold"), Text(_state(progress)), Text(f"{now - self._begun[job]:.0f} s")
            )
        more = len(self._states) - _MAX_LINES
        rest = f"  and {more} more" if more > 0 else ""
        table.add_row(Text(f"{self._over} of {self._jobs} done{rest}", style="dim"))
        return table


def _state(progress: Progress) -> str:
    take = f" take {progress.take}/{progress.takes}" if progress.take and progress.takes and progress.takes > 1 else ""
    note = _note(progress)
    return clean(f"{progress.state}{take}{'  ' if note else ''}{note}")


def _note(progress: Progress) -> str:
    """Return what is said of a step; of an ending it is the sentence alone, since the report has the remedy."""
    from runner.report.outcomes import told

    return progress.note if progress.ending is None else told(progress.ending, lambda job: job).message
