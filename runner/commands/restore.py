"""`run --frozen`: the outputs of the lock, restored from the store, and nothing else."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from runner.engine.endings import broken
from runner.errors import StateError, UsageError
from runner.records.endings import NotInStore, Restored, Reused
from runner.records.outcome import Outcome, RunResult
from runner.records.plan import Plan
from runner.report.run import RunReport, exit_code
from runner.state.blobs.protocol import TakeMissing
from runner.state.files.folder import digest

if TYPE_CHECKING:
    from runner.commands.session import Session, WritingSession
    from runner.records.lock import Entry


def restore(session: Session) -> RunReport:
    """Restore the outputs of the lock as it is: the pipeline is not read, nothing is made, no provider is asked.

    Raises UsageError when there is no lock.
    """
    project = session.project
    if not project.lock.exists():
        raise UsageError(f"there is no {project.lock.name} to restore from", help="leave --frozen out to make one")
    with session.writing() as held:
        placed = ((job, held.lock.placed(job)) for job in sorted(held.lock.jobs))
        outcomes = tuple(_restored(held, job, entry) for job, entry in placed if entry is not None)
    nothing = Plan(actions=(), low=Decimal(0), worst=Decimal(0))
    did = RunResult(plan=nothing, outcomes=outcomes)
    return RunReport(
        name=project.name,
        did=did,
        exit_code=exit_code(did),
        files=(project.shown,),
        rehearsal=project.rehearsal,
        file=session.options.file,
        listen_in=str(project.shown_root),
    )


def _restored(session: WritingSession, job: str, entry: Entry) -> Outcome:
    """Bring the output of an entry back where it is not there already."""
    output = entry.output
    assert output is not None
    if digest(session.project.root / output.path) == output.sha256:
        return Outcome(job=job, model=entry.model, ending=Reused(), entry=entry)
    try:
        restored = session.store.bring(job, entry, output)
    except TakeMissing:
        return Outcome(job=job, model=entry.model, ending=NotInStore(path=output.path))
    except (StateError, OSError) as error:
        return Outcome(job=job, model=entry.model, ending=broken(error))
    return Outcome(job=job, model=entry.model, ending=Restored(), entry=restored)
