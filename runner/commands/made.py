"""The takes that a name on the command line means, by the lock alone."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from runner.errors import UsageError
from runner.plan.chosen import picked
from runner.records.family import takes_of
from runner.report.numbers import count

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.records.family import NumberedTake
    from runner.records.lock import Lock


def made_takes(lock: Lock, job: str) -> Mapping[str, tuple[NumberedTake, ...]]:
    """Return the takes of a job, or of each cell of a matrix. Raises UsageError when there are none."""
    made = {name: takes for name in lock.jobs if (takes := takes_of(lock, name))}
    found = {name: takes for name, takes in made.items() if job in (name, name.partition("@")[0])}
    if not found:
        known = sorted({*made, *(name.partition("@")[0] for name in made)})
        close = difflib.get_close_matches(job, known, n=1)
        remedy = f"did you mean {close[0]}?" if close else "make them first: scorefile run"
        raise UsageError(f"{job} has no takes to choose from", help=remedy)
    return found


def meant_takes(lock: Lock, names: tuple[str, ...], number: int | None) -> Mapping[str, NumberedTake]:
    """Return job → the take of this number, without one the chosen take, of jobs or of each cell of a matrix.

    Raises UsageError where there is none.
    """
    made = {job: takes for name in names for job, takes in made_takes(lock, name).items()}
    if number is None:
        return {job: todays_take(lock, job, takes) for job, takes in made.items()}
    return {job: take_number(job, takes, number) for job, takes in made.items()}


def take_of_hash(lock: Lock, job: str, sha256: str) -> NumberedTake:
    """Return the take of a job that a page names. Raises UsageError when the job no longer has it."""
    item = next((item for item in takes_of(lock, job) if item.take.sha256 == sha256), None)
    if item is None:
        raise UsageError(f"{job} no longer has this take", help="nothing was changed; the page shows what there is now")
    return item


def take_number(job: str, takes: tuple[NumberedTake, ...], number: int) -> NumberedTake:
    """Return one of these takes. Raises UsageError when there is none of this number."""
    if number > len(takes):
        raise UsageError(
            f"{job} has {count(len(takes), 'take')}, so there is no take {number}",
            help=f"ask for another one: scorefile run --reroll {job}",
        )
    return takes[number - 1]


def todays_take(lock: Lock, job: str, takes: tuple[NumberedTake, ...]) -> NumberedTake:
    """Return the take that is chosen: the picked one, else that at the output. Raises UsageError where picks differ."""
    if len(lock.chosen(job)) > 1:
        raise UsageError(f"{job} has picks that differ", help=f"choose one: scorefile pick {job} TAKE")
    found = picked(takes, lock.picks.get(job, ()))
    return found or next((item for item in takes if item.take is item.entry.placed), takes[0])
