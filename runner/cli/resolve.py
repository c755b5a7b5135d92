"""scorefile resolve"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from runner.cli import arguments, options
from runner.cli.reporting import logging_requests
from runner.cli.show import print_out, style_for
from runner.report.style import clean, paint

if TYPE_CHECKING:
    from runner.commands.options import Ask
    from runner.commands.receipts import Doubt
    from runner.commands.targets import Decision
    from runner.records.source import Json

SHOWN = 160
"""How much of a prompt is shown to tell one submit from another."""


@click.command("resolve")
@options.words
@click.option("--id", "vendor_id", metavar="ID", help="It was taken: this is the vendor's id of it.")
@click.option("--not-charged", is_flag=True, help="It was not charged: the job may be submitted again.")
@click.option("--resubmit", is_flag=True, help="Submit again, although it may have been charged.")
@options.rehearse
@logging_requests
def command(
    words: tuple[str, ...], *, vendor_id: str | None, not_charged: bool, resubmit: bool, rehearse: bool
) -> None:
    """Decide a submit whose payment is in an unknown state; without a decision, show what is known of it.

    A JOB with several is decided by JOB~ATTEMPT, as shown.
    """
    from runner.cli.renamed import renamed_jobs
    from runner.cli.show import count
    from runner.commands.receipts import resolve
    from runner.errors import UsageError

    ask = arguments.ask_from(words, profile=None, variables=(), rehearse=rehearse)
    decisions = [vendor_id is not None, not_charged, resubmit]
    if not any(decisions):
        _show(ask)
        return
    if sum(decisions) > 1 or len(ask.wanted.names) != 1:
        raise UsageError(
            "name one job and one of --id ID, --not-charged, --resubmit",
            help=f"{count(len(ask.wanted.names), 'job')} and {count(sum(decisions), 'decision')} were given",
        )
    name = ask.wanted.names[0]
    decision: Decision = "id" if vendor_id is not None else "not-charged" if not_charged else "resubmit"
    resolve(ask, name, decision, id=vendor_id, renamed=renamed_jobs(ask))
    then = "scorefile run fetches it, at no cost" if decision == "id" else "scorefile run submits it again"
    print_out(f"{name} is resolved; {then}")


def _show(ask: Ask) -> None:
    from runner.cli.renamed import renamed_jobs
    from runner.commands.receipts import doubts

    found = doubts(ask, settings=arguments.provider_settings(ask), renamed=renamed_jobs(ask))
    if not found:
        names = ", ".join(ask.wanted.names)
        print_out(f"no submit of {names} is in doubt" if names else "no submit is in doubt")
    for doubt in found:
        _show_one(ask, doubt)


def _show_one(ask: Ask, doubt: Doubt) -> None:
    from runner.commands.targets import command as deciding
    from runner.commands.targets import quoted

    item, name, vendor = doubt.submission, doubt.name, doubt.vendor
    head = paint(clean(doubt.full_name), "strong", on=style_for(sys.stdout).color)
    print_out(f"{head}  {item.model}  submitted {item.submitted_at or item.planned_at}")
    for param, value in doubt.request.items():
        print_out(f"  {param}: {_short(value)}")
    print_out(f"  {item.message or 'the run was interrupted before an answer was recorded'}")
    for listed in doubt.candidates:
        print_out(f"  {vendor} lists a job with this prompt, of {clean(listed.created)}:")
        print_out(f"    {deciding(ask, name, 'id', id=quoted(listed.id, always=True))}")
    if doubt.takes_ids:
        print_out(f"  if {vendor} has it:   {deciding(ask, name, 'id')}")
    print_out(f"  if it was not charged:  {deciding(ask, name, 'not-charged')}")
    print_out(f"  to pay again:           {deciding(ask, name, 'resubmit')}")


def _short(value: Json) -> str:
    """Return a value of a request as one line for a terminal."""
    from runner.report.style import clean

    text = clean(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
