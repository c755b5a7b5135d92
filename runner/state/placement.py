"""What has to be done to put a take at its output, and whether the lock changes with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.frozen import dataclass

if TYPE_CHECKING:
    from runner.records.lock import Entry, Output
    from runner.state.ledger import Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """A take of an entry that is to be put at its output."""

    job: str
    entry: Entry
    output: Output
    displaced: tuple[Entry, ...]
    """The entries whose takes are at the outputs of this job now."""
    left: frozenset[str]
    """The paths where nothing of this job is to be any more."""
    ours: frozenset[str]
    """The hashes of files that may be replaced."""


def placement_of(ledger: Ledger, job: str, entry: Entry, output: Output) -> Placement:
    """Return what has to be done to put a take of an entry at its output, for the job `job`."""
    held = ledger.of_job(job)
    displaced = tuple(other for other in held if other.output and other.attempt != entry.attempt)
    known = (entry, *held, *ledger.at_path(output.path))
    return Placement(
        job=job,
        entry=entry,
        output=output,
        displaced=displaced,
        left=frozenset(item.output.path for item in (entry, *displaced) if item.output) - {output.path},
        ours=frozenset(item.sha256 for other in known for item in other.takes)
        | {other.output.sha256 for other in known if other.output is not None},
    )


def changes_lock(ledger: Ledger, placement: Placement) -> bool:
    """Say whether the lock changes with a placement."""
    entry, output = placement.entry, placement.output
    known = ledger.get(entry.attempt)
    if known is None or placement.displaced:
        return True
    if known.job != placement.job or known.output is None or not known.output.is_same(output):
        return True
    return not {*entry.takes} <= {*known.takes}
