"""`validate`: every problem of some pipeline files at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.commands.session import open_session
from runner.errors import InvalidFilesError, UsageError
from runner.frozen import replace
from runner.report.validate import ValidateReport, not_there
from runner.state.finding import default_file

if TYPE_CHECKING:
    from runner.commands.options import CommandOptions
    from runner.records.source import Problem


def validate(files: tuple[str, ...], options: CommandOptions) -> ValidateReport:
    """Check each file, or the one of this folder when none is named. Raises UsageError when a single one is missing."""
    named = tuple(dict.fromkeys(files))
    problems: list[Problem] = []
    jobs = missing = 0
    for file in named or (None,):
        try:
            session = open_session(replace(options, file=file, strict=False))
            checked = session.checked
            _ = session.written_lock
            jobs += len(checked.requests)
            problems += checked.warnings
        except InvalidFilesError as error:
            problems += error.problems
        except UsageError as error:
            if file is None or len(named) == 1:
                raise
            missing += 1
            problems.append(not_there(file, error))
    failing = sum(options.strict or problem.severity == "error" for problem in problems)
    usage = UsageError.exit_code if failing == missing else InvalidFilesError.exit_code
    return ValidateReport(
        files=named or (default_file(),),
        jobs=jobs,
        problems=tuple(problems),
        exit_code=usage if failing else 0,
        strict=options.strict,
    )
