"""scorefile cancel"""

from __future__ import annotations

import click

from runner.cli import options


@click.command("cancel")
@options.words
@options.logging_requests
def command(words: tuple[str, ...]) -> int:
    """Call off a job that is under way, where its vendor can, and say what that means."""
    from runner.errors import JobsFailed, UsageError
    from runner.receipts import cancel

    ask = options.ask_from(words, profile=None, variables=())
    if not ask.wanted.names:
        raise UsageError("name the jobs to call off", help="scorefile status lists those under way")
    settings = options.provider_settings(ask)
    results = [item for job in ask.wanted.names for item in cancel(ask, job, settings=settings)]
    for item in results:
        state = "called off" if item.done else "not called off"
        click.echo(f"{item.submission.job}: {state}; {item.meaning}")
    return 0 if all(item.done for item in results) else JobsFailed.exit_code
