"""scorefile resolve"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from runner.cli import options

if TYPE_CHECKING:
    from runner.receipts import Decision


@click.command("resolve")
@options.words
@click.option("--id", "vendor_id", metavar="ID", help="It was taken: this is the vendor's id of it.")
@click.option("--not-charged", is_flag=True, help="It was not charged: the job may be submitted again.")
@click.option("--resubmit", is_flag=True, help="Submit again, although it may have been charged.")
@options.rehearse
@options.logging_requests
def command(
    words: tuple[str, ...], *, vendor_id: str | None, not_charged: bool, resubmit: bool, rehearse: bool
) -> None:
    """Decide a submit whose payment is in an unknown state; without a decision, show what is known of it."""
    from runner.cli.show import count
    from runner.errors import UsageError
    from runner.receipts import resolve

    ask = options.ask_from(words, profile=None, variables=(), rehearse=rehearse)
    decisions = [vendor_id is not None, not_charged, resubmit]
    if not any(decisions):
        _show(words, rehearse=rehearse)
        return
    if sum(decisions) > 1 or len(ask.wanted.names) != 1:
        raise UsageError(
            "name one job and one of --id ID, --not-charged, --resubmit",
            help=f"{count(len(ask.wanted.names), 'job')} and {count(sum(decisions), 'decision')} were given",
        )
    job = ask.wanted.names[0]
    decision: Decision = "id" if vendor_id is not None else "not-charged" if not_charged else "resubmit"
    resolve(ask, job, decision, id=vendor_id)
    then = "scorefile run fetches it, at no cost" if decision == "id" else "scorefile run submits it again"
    click.echo(f"{job} is resolved; {then}")


def _show(words: tuple[str, ...], *, rehearse: bool) -> None:
    from runner.receipts import doubts

    ask = options.ask_from(words, profile=None, variables=(), rehearse=rehearse)
    found = doubts(ask, settings=options.provider_settings(ask))
    if not found:
        click.echo("no submit is in doubt")
        return
    for doubt in found:
        item = doubt.submission
        click.echo(
            f"{click.style(item.job, bold=True)}  {item.model}  submitted {item.submitted_at or item.planned_at}"
        )
        click.echo(f"  {item.message or 'the run was interrupted before an answer was recorded'}")
        for listed in doubt.candidates:
            click.echo(f"  {doubt.provider.title} lists a job with this prompt, of {listed.created}:")
            click.echo(f"    scorefile resolve {item.job} --id '{listed.id}'")
        click.echo(f"  if {doubt.provider.title} has it:   scorefile resolve {item.job} --id ID")
        click.echo(f"  if it was not charged:  scorefile resolve {item.job} --not-charged")
        click.echo(f"  to pay again:           scorefile resolve {item.job} --resubmit")
