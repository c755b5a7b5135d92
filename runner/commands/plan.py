"""`plan`: what would be done, why, and what it costs. Writes nothing but the file of --out, needs no key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.plan.policy import out_of_date
from runner.report.lock_drift import lock_out_of_date
from runner.report.plan import PlanReport, has_changes

if TYPE_CHECKING:
    from runner.commands.options import PlanOptions
    from runner.commands.session import Session


def plan(session: Session, options: PlanOptions) -> PlanReport:
    """Return what a run would do. Raises InvalidFilesError with every problem of the pipeline."""
    todo = session.plan
    code = 2 if options.detailed_exitcode and has_changes(todo) else 0
    refused = None
    if options.locked and (changing := out_of_date(todo)):
        refused = lock_out_of_date(changing)
        code = 1 if options.detailed_exitcode else refused.exit_code
    report = PlanReport(
        name=session.checked.pipeline.name,
        todo=todo,
        exit_code=code,
        refused=refused,
        files=(session.project.shown,),
        warnings=session.checked.warnings,
        rehearsal=session.project.rehearsal,
    )
    if options.out is not None:
        from runner.commands.saved import save_plan

        save_plan(options.out, report, session)
    return report
