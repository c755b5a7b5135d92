"""scorefile run"""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from runner.cli import arguments, options
from runner.cli.reporting import reporting
from runner.frozen import replace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from runner.commands.options import CommandOptions, RunOptions
    from runner.commands.remember import Watch
    from runner.commands.session import Session
    from runner.records.plan import Plan
    from runner.report.records import FindingsReport
    from runner.report.run import RunReport

INTERRUPTED, TERMINATED = 130, 143


@click.command("run")
@options.words
@options.profile
@options.variables
@options.rehearse
@options.force
@options.rerolling
@options.choosing
@options.strict
@options.yes
@options.trust
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(1, 10_000),
    default=8,
    metavar="N",
    envvar="SCOREFILE_JOBS",
    show_default=True,
    help="Make at most N jobs at a time.",
)
@click.option(
    "--processes",
    type=click.IntRange(1, 256),
    metavar="N",
    envvar="SCOREFILE_PROCESSES",
    help="Decode, measure and compose in N processes instead of threads.",
)
@click.option(
    "--dask",
    metavar="tcp://HOST:PORT",
    envvar="SCOREFILE_DASK",
    help="Decode, measure and compose on the Dask cluster of this scheduler.",
)
@click.option("--fail-fast", is_flag=True, envvar="SCOREFILE_FAIL_FAST", help="Submit nothing more after a failure.")
@click.option("-n", "--dry-run", is_flag=True, envvar="SCOREFILE_DRY_RUN", help="Show the plan and do nothing.")
@click.option(
    "--locked",
    is_flag=True,
    envvar="SCOREFILE_LOCKED",
    help="Submit nothing and keep the lock as it is; exit with 4 if it is out of date.",
)
@click.option(
    "--frozen", is_flag=True, envvar="SCOREFILE_FROZEN", help="Restore what the lock lists; read no pipeline."
)
@click.option(
    "--offline", is_flag=True, envvar="SCOREFILE_OFFLINE", help="Contact no provider: restore, and compose here."
)
@click.option(
    "--release",
    is_flag=True,
    envvar="SCOREFILE_RELEASE",
    help="Make nothing, and put approved takes in their places; exit with 9 if one is not approved.",
)
@options.max_cost
@click.option("--listen", metavar="HOST:PORT", envvar="SCOREFILE_LISTEN", help="Listen for callbacks at this address.")
@click.option(
    "--public-url",
    metavar="URL",
    envvar="SCOREFILE_PUBLIC_URL",
    help="The https address at which providers reach --listen.",
)
@click.option(
    "--lock-timeout",
    type=options.SECONDS,
    default=0.0,
    metavar="S",
    envvar="SCOREFILE_LOCK_TIMEOUT",
    help="Seconds to wait for another run to end.",
)
@click.option(
    "--progress",
    type=click.Choice(["auto", "live", "plain", "none"]),
    default="auto",
    envvar="SCOREFILE_PROGRESS",
    help="How to show progress; auto is live on a terminal and plain lines elsewhere.",
)
@options.wide
@reporting
def command(
    words: tuple[str, ...], *, dry_run: bool, frozen: bool, progress: str, yes: bool, **given: Any
) -> FindingsReport:
    """Make what is missing or changed, and restore the rest. Writes the lock; a second run sends no request.

    FILE may be a plan that `scorefile plan --out` saved: then exactly that is done, or nothing.
    """
    from runner.commands.options import Operator, PlanOptions
    from runner.commands.session import open_session
    from runner.commands.world import real_world

    how = _run_options(given)
    if how.dask and how.processes:
        from runner.errors import UsageError

        raise UsageError("--dask and --processes exclude each other", help="name one of them")
    asked = _asked(words, given)
    _refuse_reroll(asked, locked=how.locked, frozen=frozen)
    if frozen:
        from runner.commands.restore import restore

        return restore(open_session(asked, pipeline_may_be_missing=True))
    session = open_session(asked, real_world(click.get_current_context().obj))
    if dry_run:
        from runner.commands.plan import plan

        return plan(session, PlanOptions(locked=how.locked, max_cost=how.max_cost))
    from runner.cli.live import showing
    from runner.commands.remember import watch
    from runner.commands.run import run

    before = watch(session)
    with _signals() as (stop, seen), showing(progress, jobs=len(session.checked.requests)) as notify:
        operator = Operator(confirm=lambda todo: _confirm(todo, yes=yes), notify=notify, stop=stop)
        report = run(session, how, operator)
    if before is not None:
        _remember(session, before, report)
    return replace(report, exit_code=seen[0]) if seen else report


def _refuse_reroll(asked: CommandOptions, *, locked: bool, frozen: bool) -> None:
    """Raise UsageError for --reroll with an option that lets nothing be made."""
    if asked.reroll and (locked or frozen):
        from runner.errors import UsageError

        option = "--locked" if locked else "--frozen"
        raise UsageError(
            f"--reroll adds takes to the lock, and {option} keeps it as it is", help="leave one of them out"
        )


def _remember(session: Session, before: Watch, report: RunReport) -> None:
    """Keep what is printed, where it is one line of text and nothing else is written."""
    from runner.cli.main import WORDS
    from runner.cli.show import style_for
    from runner.commands.remember import remember

    context = click.get_current_context()
    given, writes_more = context.params, "GITHUB_STEP_SUMMARY" in os.environ
    if given["format_"] == "text" and given["log_file"] is None and not writes_more:
        remember(session, before, report, words=context.meta[WORDS], text=report.text(style_for(sys.stdout)))


def _run_options(given: dict[str, Any]) -> RunOptions:
    """Take the options of a run alone out of what was given."""
    from runner.commands.options import RunOptions

    return RunOptions(
        jobs=given.pop("jobs"),
        fail_fast=given.pop("fail_fast"),
        max_cost=arguments.dollars(given.pop("max_cost")),
        locked=given.pop("locked"),
        release=given.pop("release"),
        offline=given.pop("offline"),
        lock_timeout_s=given.pop("lock_timeout"),
        processes=given.pop("processes"),
        dask=given.pop("dask"),
        listen=given.pop("listen"),
        public_url=given.pop("public_url"),
    )


def _asked(words: tuple[str, ...], given: Mapping[str, Any]) -> CommandOptions:
    """Return what is asked for, by a saved plan when one is named. Raises UsageError when both say something."""
    from runner.errors import UsageError

    if not words or not words[0].endswith(".json"):
        return arguments.command_options(words, given)
    if len(words) > 1 or any(value for name, value in given.items() if name not in ("strict", "trust")):
        raise UsageError(
            "a saved plan says itself which jobs and settings it is for",
            help=f"run it alone: scorefile run {words[0]}",
        )
    from runner.commands.saved import saved_options

    return replace(saved_options(words[0], os.environ), strict=given["strict"], trust=",".join(given["trust"]))


@contextmanager
def _signals() -> Iterator[tuple[threading.Event, list[int]]]:
    """Turn the first SIGINT or SIGTERM into a request to stop, and leave at once at the second."""
    from runner.cli.show import print_at_once
    from runner.state.files import processes

    stop, seen = threading.Event(), list[int]()

    def on_signal(number: int, _frame: object) -> None:
        code = INTERRUPTED if number == signal.SIGINT else TERMINATED
        if seen:
            print_at_once("\nquitting now; every receipt so far is in the journal\n")
            os._exit(code)
        seen.append(code)
        print_at_once("\nstopping: sending nothing new, waiting for receipts (Ctrl-C again to quit now)\n")
        stop.set()

    before = {number: signal.signal(number, on_signal) for number in processes.stop_signals()}
    try:
        yield stop, seen
    finally:
        if not seen:  # once asked to stop, a second signal has the last word until the very end
            for number, handler in before.items():
                signal.signal(number, handler)


def _confirm(todo: Plan, *, yes: bool) -> None:
    """Ask before money is spent, or the outputs of another profile are replaced.

    Raises PolicyError when there is nobody to ask, or the answer is no.
    """
    from runner.cli.show import confirm, print_err
    from runner.errors import PolicyError
    from runner.report.plan_text import replaced_profiles, spending_question, summary
    from runner.report.totals import totals

    spending, replacing = [action for action in todo.actions if action.cost.worst != 0], replaced_profiles(todo)
    if not (spending or replacing) or yes:
        return
    for line in (*replacing, summary(totals(todo))):
        print_err(line)
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        what = "spend money" if spending else "replace the outputs of another profile"
        raise PolicyError(
            f"this run would {what}, and there is no terminal to ask on",
            help="add --yes, or try it free with --rehearse",
        )
    if not confirm(spending_question(spending) if spending else "Replace them?"):
        raise PolicyError(
            "nothing was spent" if spending else "nothing was replaced", help="scorefile plan shows what would be made"
        )
