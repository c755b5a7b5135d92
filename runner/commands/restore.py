"""The lock as it is: its outputs brought back, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from runner.commands.known import open_store
from runner.commands.options import Ran
from runner.errors import StateError, UsageError
from runner.records.outcome import Outcome, Result
from runner.records.plan import Plan
from runner.state.blobs.protocol import TakeMissing
from runner.state.files.folder import digest
from runner.state.project import find_project, prepare_state
from runner.state.run_lock import hold

if TYPE_CHECKING:
    from runner.commands.options import Ask
    from runner.records.lock import Entry
    from runner.state.store import StateStore


def run_frozen(ask: Ask) -> Ran:
    """Bring the outputs of the lock back, as it is: the pipeline is not read, nothing is made, no vendor is asked.

    Raises UsageError when there is no lock.
    """

    project = find_project(ask.file, rehearsal=ask.rehearse, env=ask.env)
    if not project.lock.exists():
        raise UsageError(f"there is no {project.lock.name} to take as it is", help="leave --frozen out to make one")
    prepare_state(project)
    outcomes = []
    now = datetime.now(UTC).isoformat(timespec="seconds")
    with hold(project.state, now=now, timeout_s=0.0), open_store(project) as store:
        for job, entry in sorted(store.lock.jobs.items()):
            take = next((item for item in entry.takes if item.path), None)
            if take is None or take.path is None:
                continue
            outcome = Outcome(job=job, model=entry.model, result=Result.REUSED, entry=entry)
            if digest(project.root / take.path) != take.sha256:
                outcome = _frozen_restore(store, job, entry, take.path)
            outcomes.append(outcome)
    nothing = Plan(actions=(), low=Decimal(0), worst=Decimal(0))
    return Ran(project=project, plan=nothing, outcomes=tuple(outcomes))


def _frozen_restore(store: StateStore, job: str, entry: Entry, path: str) -> Outcome:
    try:
        placed = store.bring(job, entry, job, output=path, take=entry.take)
    except TakeMissing:
        message = f"{path} is not here, and neither is its take in the store"
        return Outcome(job=job, model=entry.model, result=Result.FAILED, message=message, help="run without --frozen")
    except (StateError, OSError) as error:
        return Outcome(job=job, model=entry.model, result=Result.FAILED, message=str(error))
    return Outcome(job=job, model=entry.model, result=Result.RESTORED, entry=placed)
