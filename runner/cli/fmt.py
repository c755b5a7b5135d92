"""scorefile fmt"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.cli import complete
from runner.cli.reporting import text_or_json

if TYPE_CHECKING:
    from runner.report.records import Report


@click.command("fmt")
@click.argument("files", nargs=-1, metavar="[FILE...]", shell_complete=complete.files)
@click.option(
    "--check", is_flag=True, envvar="SCOREFILE_CHECK", help="Write nothing; exit 3 and name what would change."
)
@text_or_json
def command(files: tuple[str, ...], *, check: bool) -> Report:
    """Format pipelines; comments stay. Data, order and anchors stay too."""
    from runner.errors import InvalidFilesError, ScorefileError
    from runner.report.failure import FailureReport
    from runner.report.numbers import count
    from runner.report.plain import PlainReport
    from runner.report.style import clean
    from runner.state.project import DEFAULT_FILE

    changed: list[str] = []
    failures: list[FailureReport] = []
    for file in files or (DEFAULT_FILE,):
        try:
            if _format(file, write=not check):
                changed.append(file)
        except ScorefileError as error:
            failures.append(FailureReport(verb="fmt", error=error, exit_code=error.exit_code, files=(file,)))
    would = f"{count(len(changed), 'file')} would change: scorefile fmt" if check and changed else ""
    code = max((failure.exit_code for failure in failures), default=0)
    return PlainReport(
        verb="fmt",
        content={
            "changed": [*changed],
            "written": not check,
            "errors": [{"file": failure.files[0], **failure.data()} for failure in failures],
        },
        write=lambda _style: "\n".join(map(clean, changed)),
        message=lambda style: "\n".join(filter(None, [*(failure.messages(style) for failure in failures), would])),
        exit_code=code or (InvalidFilesError.exit_code if would else 0),
    )


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
