"""scorefile resolve"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from runner.cli import arguments, options
from runner.cli.reporting import logging_requests, text_or_json

if TYPE_CHECKING:
    from runner.records.submission import Decision
    from runner.report.records import Report


@click.command("resolve")
@options.words
@click.option("--id", "id_", metavar="ID", help="Record that it was accepted; the provider calls it ID.")
@click.option("--not-charged", is_flag=True, help="Record that it was not charged; the job may be submitted again.")
@click.option("--resubmit", is_flag=True, help="Submit again, although it may have been charged.")
@options.rehearse
@options.trust
@text_or_json
@logging_requests
def command(words: tuple[str, ...], *, id_: str | None, not_charged: bool, resubmit: bool, **given: Any) -> Report:
    """Settle a request that may or may not have been charged. Without a decision, show what is known of it.

    A JOB with several such requests is settled by JOB~ATTEMPT, as shown.
    """
    from runner.commands.resolve import resolve, unknown_payments
    from runner.commands.session import open_session
    from runner.errors import UsageError
    from runner.report.numbers import count

    session = open_session(arguments.command_options(words, given))
    decided: dict[Decision, bool] = {"id": id_ is not None, "not-charged": not_charged, "resubmit": resubmit}
    decisions, names = [decision for decision, is_meant in decided.items() if is_meant], session.options.wanted.names
    if not decisions:
        return unknown_payments(session)
    if len(decisions) > 1 or len(names) != 1:
        raise UsageError(
            "name one job and one of --id ID, --not-charged, --resubmit",
            help=f"{count(len(names), 'job')} and {count(len(decisions), 'decision')} were given",
        )
    return resolve(session, names[0], decisions[0], id=id_)
