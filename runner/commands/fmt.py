"""`fmt`: pipelines in one format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.errors import InvalidFilesError, ScorefileError
from runner.pipeline.edit import reformat
from runner.report.failure import FailureReport
from runner.report.numbers import count
from runner.report.plain import PlainReport
from runner.report.style import clean
from runner.state.files.atomic import write_atomic
from runner.state.finding import default_file
from runner.state.project import find_project
from runner.state.texts import read_pipeline

if TYPE_CHECKING:
    from collections.abc import Mapping


def fmt(files: tuple[str, ...], env: Mapping[str, str], *, write: bool) -> PlainReport:
    """Format pipelines and return which files change; without `write`, only say which would, with exit 3.

    A file that cannot be formatted is reported and left as it is, and the others are formatted.
    """
    changed: list[str] = []
    failures: list[FailureReport] = []
    for file in files or (None,):
        try:
            if _format(file, env, write=write):
                changed.append(file or default_file())
        except ScorefileError as error:
            failures.append(
                FailureReport(verb="fmt", error=error, exit_code=error.exit_code, files=(file or default_file(),))
            )
    would = f"{count(len(changed), 'file')} would change: scorefile fmt" if changed and not write else ""
    code = max((failure.exit_code for failure in failures), default=0)
    return PlainReport(
        verb="fmt",
        content={
            "changed": [*changed],
            "written": write,
            "errors": [{"file": failure.files[0], **failure.data()} for failure in failures],
        },
        write=lambda _style: "\n".join(map(clean, changed)),
        message=lambda style: "\n".join(filter(None, [*(failure.messages(style) for failure in failures), would])),
        exit_code=code or (InvalidFilesError.exit_code if would else 0),
    )


def _format(file: str | None, env: Mapping[str, str], *, write: bool) -> bool:
    """Format one file, and say whether that changes it. Raises UsageError, InvalidFilesError or EditRefusedError."""
    project = find_project(file, rehearsal=False, env=env)
    text = read_pipeline(project)
    result = reformat(text, project.shown).encode()
    if result == project.file.read_bytes():
        return False
    if write:
        write_atomic(project.file.resolve(), result, mode=project.file.stat().st_mode & 0o777)
    return True
