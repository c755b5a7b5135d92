"""`plan`: what would be done, why, and what it costs. Needs no key, and changes neither lock nor journal.

It writes the file of --out and, in a state folder that is there already, notes that only save time (`agreement`, `hashes`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.commands.run import spending_limit
from runner.engine.endings import blocked
from runner.errors import PolicyError
from runner.plan.policy import broken, out_of_date, refuse_cost
from runner.plan.voided import voided
from runner.report.lock_drift import lock_out_of_date
from runner.report.plan import PlanReport, has_changes

if TYPE_CHECKING:
    from runner.commands.options import PlanOptions
    from runner.commands.session import Session
    from runner.errors import ScorefileError
    from runner.records.plan import Plan


def plan(session: Session, options: PlanOptions) -> PlanReport:
    """Return what a run would do. Raises InvalidFilesError with every problem of the pipeline."""
    todo = session.plan
    refused = _refusal(session, todo, options)
    stopped = broken(todo) if options.locked else ()
    code = 2 if options.detailed_exitcode and has_changes(todo) else 0
    if refused is not None or stopped:
        endings = [blocked(action).exit_code for action in stopped]
        gravest = max(endings + ([] if refused is None else [refused.exit_code]))
        code = 1 if options.detailed_exitcode else gravest
    report = PlanReport(
        name=session.checked.pipeline.name,
        todo=todo,
        exit_code=code,
        refused=refused,
        stopped=stopped,
        files=(session.project.shown,),
        warnings=session.checked.warnings,
        rehearsal=session.project.rehearsal,
        voided=voided(todo, session.lock),
    )
    if options.out is not None:
        from runner.commands.saved import save_plan

        save_plan(options.out, report, session)
    return report


def _refusal(session: Session, todo: Plan, options: PlanOptions) -> ScorefileError | None:
    """Return why a run with the same options would refuse this plan before anything is sent, or None."""
    if options.locked and (changing := out_of_date(todo)):
        return lock_out_of_date(changing)
    try:
        refuse_cost(todo, spending_limit(session, options.max_cost))
    except PolicyError as error:
        return error
    return None
