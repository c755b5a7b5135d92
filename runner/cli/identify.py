"""scorefile identify"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from runner.cli import arguments, options
from runner.cli.reporting import text_or_json

if TYPE_CHECKING:
    from runner.report.identify import IdentifyReport


@click.command("identify")
@click.argument("audio", type=click.Path())
@options.file
@options.rehearse
@text_or_json
def command(audio: str, file: str | None, **given: Any) -> IdentifyReport:
    """Find the job that an audio file is of. Its bytes are looked for in the lock, then what its tags say.

    A file that is not of this lock makes exit code 1.
    """
    from runner.commands.identify import identify
    from runner.commands.session import open_session

    return identify(open_session(arguments.file_options(file, given)), audio)
