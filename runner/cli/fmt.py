"""scorefile fmt"""

from __future__ import annotations

from pathlib import Path

import click

from runner.cli import complete


@click.command("fmt")
@click.argument("files", nargs=-1, metavar="[FILE...]", shell_complete=complete.files)
@click.option(
    "--check", is_flag=True, envvar="SCOREFILE_CHECK", help="Write nothing; exit 3 and name what would change."
)
def command(files: tuple[str, ...], *, check: bool) -> int:
    """Make indentation, spacing and quotes uniform; data, comments, order and anchors stay."""
    from runner.cli.show import count, print_error
    from runner.errors import InvalidFilesError, ScorefileError
    from runner.state.project import DEFAULT_FILE

    changed = failed = 0
    for file in files or (DEFAULT_FILE,):
        try:
            if _format(file, write=not check):
                changed += 1
                click.echo(file)
        except ScorefileError as error:
            print_error(error)
            failed = max(failed, error.exit_code)
    if check and changed:
        click.echo(f"{count(changed, 'file')} would change: scorefile fmt", err=True)
        return failed or InvalidFilesError.exit_code
    return failed


def _format(file: str, *, write: bool) -> bool:
    """Format one file, and say whether that changes it. Raises UsageError, InvalidFilesError or EditRefusedError."""
    import os

    from runner.pipeline.edit import reformat
    from runner.state.files.atomic import write_atomic
    from runner.state.project import find_project
    from runner.state.texts import read_pipeline

    project = find_project(file, rehearsal=False, env=os.environ)
    text = read_pipeline(project)
    result = reformat(text, file).encode()
    if result == project.file.read_bytes():
        return False
    if write:
        write_atomic(Path(file).resolve(), result, mode=project.file.stat().st_mode & 0o777)
    return True
