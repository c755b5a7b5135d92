"""scorefile merge-driver, which git calls"""

from __future__ import annotations

import click


@click.command("merge-driver", hidden=True)
@click.argument("base", metavar="%O")
@click.argument("ours", metavar="%A")
@click.argument("theirs", metavar="%B")
@click.argument("name", metavar="%P")
def command(base: str, ours: str, theirs: str, name: str) -> int:
    """Join two locks for git, which calls it. `scorefile merge --install` installs it."""
    from runner.cli.show import print_err, print_error, style_for
    from runner.commands.merge import merge_for_git
    from runner.errors import ScorefileError

    try:
        import sys

        print_err(merge_for_git(base, ours, theirs, name).messages(style_for(sys.stderr)))
    except ScorefileError as error:
        print_error(error)
        # Any other number up to 128 is a conflict to git as well.
        return 1
    return 0
