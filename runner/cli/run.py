"""scorefile run"""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from runner.cli import options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.records import Outcome, Plan
    from runner.workflow import Ran

INTERRUPTED, TERMINATED = 130, 143


@click.command("run")
@options.words
@options.profile
@options.variables
@options.rehearse
@options.force
@options.choosing
@options.output_format
@options.yes
@click.option("-j", "--jobs", type=click.IntRange(1, 64), default=8, envvar="SCOREFILE_JOBS", show_default=True)
@click.option("--fail-fast", is_flag=True, envvar="SCOREFILE_FAIL_FAST", help="After a failure submit nothing more.")
@click.option("-n", "--dry-run", is_flag=True, envvar="SCOREFILE_DRY_RUN", help="Only say what would be done.")
@click.option("--locked", is_flag=True, envvar="SCOREFILE_LOCKED", help="Fail if anything would have to be made.")
@click.option("--offline", is_flag=True, envvar="SCOREFILE_OFFLINE", help="Ask no vendor: restore and compose only.")
@click.option("--max-cost", metavar="USD", envvar="SCOREFILE_MAX_COST", help="The worst case may not pass this.")
@click.option("--listen", metavar="HOST:PORT", envvar="SCOREFILE_LISTEN", help="Hear vendors' callbacks here.")
@click.option("--public-url", metavar="URL", envvar="SCOREFILE_PUBLIC_URL", help="Where vendors reach --listen; https.")
@click.option("--lock-timeout", type=float, default=0.0, metavar="S", envvar="SCOREFILE_LOCK_TIMEOUT")
@click.option("-q", "--quiet", is_flag=True, envvar="SCOREFILE_QUIET", help="No progress, only the result.")
@click.option(
    "--progress",
    type=click.Choice(["auto", "live", "plain", "none"]),
    default="auto",
    envvar="SCOREFILE_PROGRESS",
    help="auto: live on a terminal, plain lines elsewhere.",
)
def command(words: tuple[str, ...], *, dry_run: bool, rehearse: bool, failed: bool, **given: Any) -> int:
    """Make what is missing or changed, restore the rest, write the lock. A second run sends no request."""
    from runner.workflow import RunOptions, check, only_failed, plan, run

    how = RunOptions(
        jobs=given.pop("jobs"),
        fail_fast=given.pop("fail_fast"),
        max_cost=options.dollars(given.pop("max_cost")),
        locked=given.pop("locked"),
        offline=given.pop("offline"),
        lock_timeout_s=given.pop("lock_timeout"),
        listen=given.pop("listen"),
        public_url=given.pop("public_url"),
    )
    format_, yes = given.pop("format_"), given.pop("yes")
    progress = "none" if given.pop("quiet") else given.pop("progress")
    given.pop("progress", None)
    ask = options.ask_from(words, rehearse=rehearse, **given)
    checked = check(ask)
    if failed:
        ask = only_failed(ask, checked)
    if dry_run:
        from runner.cli.plan import print_plan

        print_plan(plan(checked, ask), format_)
        return 0
    from runner.cli.live import showing

    with _signals() as (stop, seen), showing(progress, jobs=len(checked.requests)) as notify:
        ran = run(checked, ask, how, confirm=lambda todo: _confirm(todo, yes=yes), notify=notify, stop=stop)
    _print(ran, format_)
    return seen[0] if seen else exit_code(ran)


@contextmanager
def _signals() -> Iterator[tuple[threading.Event, list[int]]]:
    """Turn the first SIGINT or SIGTERM into a request to stop, and leave at once at the second."""
    stop, seen = threading.Event(), list[int]()

    def on_signal(number: int, _frame: object) -> None:
        code = INTERRUPTED if number == signal.SIGINT else TERMINATED
        if seen:
            os.write(2, b"\nleaving at once; every receipt so far is in the journal\n")
            os._exit(code)
        seen.append(code)
        os.write(
            2, b"\nstopping: nothing new is submitted, what is under way is seen to its receipt (again: leave now)\n"
        )
        stop.set()

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop, seen
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _confirm(todo: Plan, *, yes: bool) -> None:
    """Ask before money is spent. Raises PolicyError when there is nobody to ask, or the answer is no."""
    from runner.cli.plan import summary
    from runner.errors import PolicyError

    spending = [action for action in todo.actions if action.cost.worst != 0]
    if not spending or yes:
        return
    click.echo(summary(todo), err=True)
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise PolicyError("this run spends money and nobody is here to confirm it", help="add --yes; or try --rehearse")
    if not click.confirm("Spend it?", err=True):
        raise PolicyError("nothing was spent", help="scorefile plan shows what would be made")


def exit_code(ran: Ran) -> int:
    """Return the exit code of a run: the gravest thing that happened decides."""
    results = {outcome.result for outcome in ran.outcomes}
    groups = {outcome.group for outcome in ran.outcomes}
    if "unknown" in results:
        return 8
    if "auth" in groups:
        return 7
    if any(outcome.result == "skipped" and outcome.group == "balance" for outcome in ran.outcomes):
        return 6
    return 5 if results & {"failed", "skipped", "unfinished"} else 0


def _print(ran: Ran, format_: str) -> None:
    from runner.cli.show import print_json

    if format_ == "json":
        print_json(ran_json(ran))
        return
    if all(outcome.result == "reused" for outcome in ran.outcomes):
        from runner.cli.show import count

        click.echo(f"nothing to do: {count(len(ran.outcomes), 'job')} up to date")
        return
    _print_outcomes(ran)


def _print_outcomes(ran: Ran) -> None:
    from runner.cli.show import count, print_table, usd

    shown = [outcome for outcome in ran.outcomes if outcome.result != "reused"]
    money = "WOULD COST" if ran.project.rehearsal else "SPENT"
    print_table(("JOB", "RESULT", "TAKES", "LENGTH", "LUFS", money, "OUTPUT"), (_row(outcome) for outcome in shown))
    for outcome in shown:
        if outcome.message and outcome.result not in ("made", "restored"):
            click.echo(f"\n{outcome.job}: {outcome.message}")
            if outcome.help:
                click.echo(f"  help: {outcome.help}")
    results = [outcome.result for outcome in ran.outcomes]
    parts = [f"{results.count(result)} {result}" for result in _ORDER if result in results]
    seconds = sum(take.seconds for item in shown if item.result == "made" and item.entry for take in item.entry.takes)
    where = f"in {ran.project.root}" if ran.project.rehearsal else ""
    mark = "rehearsal: placeholder audio, nothing spent" if ran.project.rehearsal else f"spent {usd(ran.spent_usd)}"
    click.echo(f"\n{', '.join(parts)}; {count(round(seconds), 'second')} of music; {mark}")
    if where:
        click.echo(f"listen {where}")


_ORDER = ("made", "reused", "restored", "unfinished", "failed", "unknown", "skipped")


def _row(outcome: Outcome) -> tuple[str, ...]:
    from runner.cli.show import usd

    entry = outcome.entry if outcome.result in ("made", "restored") else None
    take = next((item for item in entry.takes if item.path), None) if entry else None
    return (
        outcome.job,
        outcome.result,
        str(len(entry.takes)) if entry else "",
        f"{take.seconds:.1f} s" if take else "",
        "" if take is None or take.lufs is None else f"{take.lufs:.1f}",
        usd(outcome.spent_usd) if outcome.result in ("made", "failed", "unknown", "unfinished") else "",
        (take.path or "") if take else "",
    )


def ran_json(ran: Ran) -> dict[str, Any]:
    """Return what a run did as data."""
    from runner.jsonform import entry_to_json

    return {
        "rehearsal": ran.project.rehearsal,
        "spent_usd": None if ran.spent_usd is None else str(ran.spent_usd),
        "exit_code": exit_code(ran),
        "jobs": [
            {
                "job": outcome.job,
                "model": outcome.model,
                "result": outcome.result,
                "spent_usd": None if outcome.spent_usd is None else str(outcome.spent_usd),
                "message": outcome.message,
                "help": outcome.help,
                "entry": None if outcome.entry is None else entry_to_json(outcome.entry),
            }
            for outcome in ran.outcomes
        ],
    }
