"""scorefile plan"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from runner.cli import arguments, options
from runner.cli.reporting import reporting

if TYPE_CHECKING:
    from runner.report.plan import PlanReport


DETAILED = "SCOREFILE_DETAILED_EXITCODE"
_OFF = ("", "0", "false", "f", "no", "n", "off")
"""Values of a variable that leave a flag off."""


class _WrongLineError(click.UsageError):
    exit_code = 1


class _PlanCommand(click.Command):
    """With --detailed-exitcode 2 means changes, so a wrong command line is a 1 there."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        detailed = "--detailed-exitcode" in args or os.environ.get(DETAILED, "").lower() not in _OFF
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
@options.rerolling
@options.choosing
@click.option(
    "--detailed-exitcode",
    is_flag=True,
    envvar=DETAILED,
    help="Exit with 0 for no change, 1 for an error, 2 for changes.",
)
@click.option(
    "--locked",
    is_flag=True,
    envvar="SCOREFILE_LOCKED",
    help="Exit with 4 when the lock is out of date, with 5 or 8 when something is broken.",
)
@options.max_cost
@options.strict
@options.trust
@click.option(
    "--out",
    metavar="PATH",
    envvar="SCOREFILE_OUT",
    help="Save the plan to PATH; `scorefile run PATH` does exactly that, or refuses.",
)
@options.wide
@reporting
def command(
    words: tuple[str, ...],
    *,
    detailed_exitcode: bool,
    locked: bool,
    max_cost: str | None,
    out: str | None,
    **given: Any,
) -> PlanReport:
    """Show what would be done, why, and what it costs. Spends nothing and needs no key.

    What a run would refuse for its budget has the same exit code here.
    """
    from runner.cli.writable import refuse_target
    from runner.commands.options import PlanOptions
    from runner.commands.plan import plan
    from runner.commands.session import open_session
    from runner.report.saved import KIND, is_saved

    asked = arguments.command_options(words, given)
    if out is not None:
        refuse_target("--out", out, kind=KIND, is_kind=is_saved)
    limit = arguments.dollars(max_cost)
    how = PlanOptions(locked=locked, detailed_exitcode=detailed_exitcode, out=out, max_cost=limit)
    return plan(open_session(asked), how)
