"""scorefile merge"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from runner.cli import complete
from runner.cli.reporting import text_or_json

if TYPE_CHECKING:
    from runner.report.records import Report


@click.command("merge")
@click.argument("locks", nargs=-1, metavar="[LOCK...]", shell_complete=complete.locks)
@click.option(
    "-o",
    "--out",
    metavar="OUT",
    help="Write OUT instead of the first LOCK; what OUT knows stays.",
)
@click.option("--install", is_flag=True, help="Let git join locks itself in this repository.")
@text_or_json
def command(locks: tuple[str, ...], out: str | None, *, install: bool) -> Report:
    """Join copies of a lock without loss. With several LOCKs: join them into the first, for example those of shards. With
    one: resolve its conflict. With none: resolve the conflict of every lock here, from git's index or from the markers;
    `git add` is left to you.
    """
    from runner.commands import merge
    from runner.errors import UsageError

    if install and out is not None:
        raise UsageError("--install takes no --out", help="scorefile merge --install [LOCK...]")
    return merge.install(locks) if install else merge.merge(locks, out)
