"""scorefile cancel"""

from __future__ import annotations

import click

from runner.cli import arguments, options
from runner.cli.reporting import logging_requests
from runner.cli.show import print_out


@click.command("cancel")
@options.words
@logging_requests
def command(words: tuple[str, ...]) -> int:
    """Call off a job that is under way, where its vendor can, and say what that means."""
    from runner.cli.renamed import renamed_jobs
    from runner.commands.cancel import cancel
    from runner.errors import UsageError
    from runner.records.outcome import Result

    ask = arguments.ask_from(words, profile=None, variables=())
    if not ask.wanted.names:
        raise UsageError("name the jobs to call off", help="scorefile status lists those under way")
    settings, renamed = arguments.provider_settings(ask), renamed_jobs(ask)
    results = [item for name in ask.wanted.names for item in cancel(ask, name, settings=settings, renamed=renamed)]
    for item in results:
        print_out(f"{item.name}: {'called off' if item.done else 'not called off'}; {item.meaning}")
    return 0 if all(item.done for item in results) else Result.FAILED.exit_code
