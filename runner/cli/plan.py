"""scorefile plan"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from runner.cli import arguments, options
from runner.cli.reporting import reporting

if TYPE_CHECKING:
    from runner.commands.options import Ask, Checked
    from runner.records.plan import Plan
    from runner.report.plan import PlanReport


class _WrongLineError(click.UsageError):
    exit_code = 1


class _PlanCommand(click.Command):
    """With --detailed-exitcode 2 means changes, so a wrong command line is a 1 there."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        detailed = "--detailed-exitcode" in args
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            if not detailed:
                raise
            raise _WrongLineError(error.message, error.ctx) from error


@click.command("plan", cls=_PlanCommand)
@options.words
@options.profile
@options.variables
@options.rehearse
@options.force
@options.choosing
@click.option("--detailed-exitcode", is_flag=True, help="0 no change, 1 error, 2 changes.")
@click.option("--locked", is_flag=True, envvar="SCOREFILE_LOCKED", help="Exit 4 when the lock is out of date.")
@options.strict
@click.option("--out", "out", metavar="PATH", help="Save the plan: `scorefile run PATH` does exactly that, or refuses.")
@reporting
def command(
    words: tuple[str, ...],
    *,
    rehearse: bool,
    detailed_exitcode: bool,
    strict: bool,
    locked: bool,
    out: str | None,
    failed: bool,
    **rest: Any,
) -> PlanReport:
    """Say what would be done, why, and what it costs. Spends nothing and needs no key."""
    from runner.cli.writable import refuse_target
    from runner.commands.workflow import check, only_failed, plan
    from runner.errors import DriftError
    from runner.plan.policy import out_of_date
    from runner.report.plan import has_changes
    from runner.report.saved import KIND, is_saved

    ask = arguments.ask_from(words, rehearse=rehearse, **rest)
    if out is not None:
        refuse_target("--out", out, kind=KIND, is_kind=is_saved)
    checked = check(ask)
    arguments.refuse_warnings(checked, strict=strict)
    ask = only_failed(ask, checked) if failed else ask
    todo = plan(checked, ask)
    code = 2 if detailed_exitcode and has_changes(todo) else 0
    if locked and out_of_date(todo):
        code = 1 if detailed_exitcode else DriftError.exit_code
    report = report_of(checked, todo, exit_code=code)
    if out is not None:
        _save(out, report, checked, ask)
    return report


def report_of(checked: Checked, todo: Plan, *, exit_code: int = 0) -> PlanReport:
    """Return the report of a plan."""
    from runner.report.plan import PlanReport

    return PlanReport(
        name=checked.pipeline.name,
        todo=todo,
        exit_code=exit_code,
        files=(checked.project.shown,),
        warnings=checked.warnings,
        rehearsal=checked.project.rehearsal,
    )


def _save(path: str, report: PlanReport, checked: Checked, ask: Ask) -> None:
    """Write a plan in its saved form, readable beside it. Raises UsageError when it cannot be written."""
    from runner.commands.known import lock_of
    from runner.errors import UsageError
    from runner.report.saved import saved_text

    text = saved_text(report, lock_of(checked), checked.pipeline, checked.catalog.providers, arguments.ask_data(ask))
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--out {path} cannot be written: {error.strerror}", help="name another file") from error
