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
from runner.report.run import RunReport, exit_code

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from runner.commands.options import Ask
    from runner.records.plan import Plan
    from runner.report.records import FindingsReport

INTERRUPTED, TERMINATED = 130, 143


@click.command("run")
@options.words
@options.profile
@options.variables
@options.rehearse
@options.force
@options.choosing
@options.strict
@options.yes
@click.option("-j", "--jobs", type=click.IntRange(1, 64), default=8, envvar="SCOREFILE_JOBS", show_default=True)
@click.option("--fail-fast", is_flag=True, envvar="SCOREFILE_FAIL_FAST", help="After a failure submit nothing more.")
@click.option("-n", "--dry-run", is_flag=True, envvar="SCOREFILE_DRY_RUN", help="Only say what would be done.")
@click.option("--locked", is_flag=True, envvar="SCOREFILE_LOCKED", help="Fail if anything would have to be made.")
@click.option("--frozen", is_flag=True, envvar="SCOREFILE_FROZEN", help="Take the lock as it is; read no pipeline.")
@click.option("--offline", is_flag=True, envvar="SCOREFILE_OFFLINE", help="Ask no vendor: restore and compose only.")
@click.option("--max-cost", metavar="USD", envvar="SCOREFILE_MAX_COST", help="The worst case may not pass this.")
@click.option("--listen", metavar="HOST:PORT", envvar="SCOREFILE_LISTEN", help="Hear vendors' callbacks here.")
@click.option("--public-url", metavar="URL", envvar="SCOREFILE_PUBLIC_URL", help="Where vendors reach --listen; https.")
@click.option("--lock-timeout", type=float, default=0.0, metavar="S", envvar="SCOREFILE_LOCK_TIMEOUT")
@click.option(
    "--progress",
    type=click.Choice(["auto", "live", "plain", "none"]),
    default="auto",
    envvar="SCOREFILE_PROGRESS",
    help="auto: live on a terminal, plain lines elsewhere.",
)
@reporting
def command(
    words: tuple[str, ...], *, dry_run: bool, rehearse: bool, failed: bool, strict: bool, **given: Any
) -> FindingsReport:
    """Make what is missing or changed, restore the rest, write the lock. A second run sends no request.

    FILE may be a plan that `scorefile plan --out` saved: then exactly that is done, or nothing.
    """
    from runner.commands.options import RunOptions
    from runner.commands.workflow import check, only_failed, plan, run
    from runner.records.limits import DEFAULT_LIMITS

    how = RunOptions(
        jobs=given.pop("jobs"),
        fail_fast=given.pop("fail_fast"),
        max_cost=arguments.dollars(given.pop("max_cost")),
        locked=given.pop("locked"),
        offline=given.pop("offline"),
        lock_timeout_s=given.pop("lock_timeout"),
        listen=given.pop("listen"),
        public_url=given.pop("public_url"),
        limits=click.get_current_context().obj or DEFAULT_LIMITS,
    )
    progress, yes, frozen = given.pop("progress"), given.pop("yes"), given.pop("frozen")
    ask = _ask(words, {"rehearse": rehearse, **given}, failed=failed)
    if frozen:
        from runner.commands.restore import run_frozen

        ran = run_frozen(ask)
        return RunReport(name=ran.project.name, did=ran, exit_code=exit_code(ran))
    checked = check(ask)
    arguments.refuse_warnings(checked, strict=strict)
    if failed:
        ask = only_failed(ask, checked)
    if dry_run:
        from runner.cli.plan import report_of

        return report_of(checked, plan(checked, ask))
    from runner.cli.live import showing

    with _signals() as (stop, seen), showing(progress, jobs=len(checked.requests)) as notify:
        ran = run(checked, ask, how, confirm=lambda todo: _confirm(todo, yes=yes), notify=notify, stop=stop)
    return RunReport(
        name=checked.pipeline.name,
        did=ran,
        exit_code=seen[0] if seen else exit_code(ran),
        warnings=checked.warnings,
        places={request.job: request.mark for request in checked.requests},
    )


def _ask(words: tuple[str, ...], given: Mapping[str, Any], *, failed: bool) -> Ask:
    """Return what is asked, by a saved plan when one is named. Raises UsageError when both have a say."""
    from runner.errors import UsageError

    if not words or not words[0].endswith(".json"):
        return arguments.ask_from(words, **given)
    if len(words) > 1 or failed or any(given.values()):
        raise UsageError(
            "a saved plan says itself which jobs and settings it is for",
            help=f"run it alone: scorefile run {words[0]}",
        )
    return arguments.ask_again(words[0])


@contextmanager
def _signals() -> Iterator[tuple[threading.Event, list[int]]]:
    """Turn the first SIGINT or SIGTERM into a request to stop, and leave at once at the second."""
    from runner.cli.show import print_at_once
    from runner.state.files import processes

    stop, seen = threading.Event(), list[int]()

    def on_signal(number: int, _frame: object) -> None:
        code = INTERRUPTED if number == signal.SIGINT else TERMINATED
        if seen:
            print_at_once("\nleaving at once; every receipt so far is in the journal\n")
            os._exit(code)
        seen.append(code)
        print_at_once(
            "\nstopping: nothing new is submitted, what is under way is seen to its receipt (again: leave now)\n"
        )
        stop.set()

    before = {number: signal.signal(number, on_signal) for number in processes.stop_signals()}
    try:
        yield stop, seen
    finally:
        if not seen:  # once asked to stop, a second signal has the last word until the very end
            for number, handler in before.items():
                signal.signal(number, handler)


def _confirm(todo: Plan, *, yes: bool) -> None:
    """Ask before money is spent. Raises PolicyError when there is nobody to ask, or the answer is no."""
    from runner.cli.show import confirm, print_err
    from runner.errors import PolicyError
    from runner.report.plan_text import summary
    from runner.report.totals import totals

    spending = [action for action in todo.actions if action.cost.worst != 0]
    if not spending or yes:
        return
    print_err(summary(totals(todo)))
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise PolicyError("this run spends money and nobody is here to confirm it", help="add --yes; or try --rehearse")
    if not confirm("Spend it?"):
        raise PolicyError("nothing was spent", help="scorefile plan shows what would be made")
