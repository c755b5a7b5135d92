"""Decorators that make a command of a function that returns a report, with the options for its output."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from runner.cli import options
from runner.cli.arguments import files_of
from runner.report.formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.report.failure import FailureReport
    from runner.report.records import FindingsReport, Report

F = TypeVar("F", bound="Callable[..., Any]")


def reporting(function: Callable[..., FindingsReport]) -> Callable[..., int]:
    """Make a command body of a function that returns a report which every format can show.

    Adds --format, --color, -q, -v and --log-file. Whatever goes wrong is reported in the same format.
    """

    @functools.wraps(function)
    def body(
        *args: Any, format_: str, quiet: bool, verbose: int, color: str, log_file: str | None, **given: Any
    ) -> int:
        from runner.cli import show
        from runner.cli.logs import logging_to

        wide = given.pop("wide", False)
        show.configure(show.OutputOptions(format_=format_, color=color, quiet=quiet, verbose=verbose, wide=wide))
        report: FindingsReport
        try:
            with logging_to(log_file, verbose=verbose):
                report = function(*args, **given)
        except Exception as error:  # noqa: BLE001 - every format has an answer to everything
            report = _failure(error, given)
        return show.print_findings(report, format_)

    return _LOG_FILE(_COLOR(_VERBOSE(_QUIET(_FORMAT(body)))))


def text_or_json(function: Callable[..., Report]) -> Callable[..., int]:
    """Make a command body of a function that returns a report for people or for programs.

    Adds --format text|json, --color and -q. Whatever goes wrong is reported in the same format.
    """

    @functools.wraps(function)
    def body(*args: Any, format_: str, quiet: bool, color: str, **given: Any) -> int:
        from runner.cli import show

        verbose, wide = given.get("verbose", 0), given.pop("wide", False)
        show.configure(show.OutputOptions(format_=format_, color=color, quiet=quiet, verbose=verbose, wide=wide))
        report: Report
        try:
            report = function(*args, **given)
        except Exception as error:  # noqa: BLE001 - every format has an answer to everything
            report = _failure(error, given)
        return show.print_report(report, format_)

    return _COLOR(_QUIET(options.output_format(body)))


def logging_requests(function: F) -> F:
    """Add -v and --log-file to a verb that speaks to providers; put it below `text_or_json`."""

    @functools.wraps(function)
    def logged(*args: Any, verbose: int, log_file: str | None, **given: Any) -> Any:
        from runner.cli.logs import logging_to

        with logging_to(log_file, verbose=verbose):
            return function(*args, **given)

    return _LOG_FILE(_VERBOSE(logged))  # type: ignore[return-value]  # click's options return what they are given


def _failure(raised: Exception, given: dict[str, Any]) -> FailureReport:
    """Return what went wrong as a report. Raises what `call` itself has an answer to."""
    from runner.cli.failures import as_error
    from runner.report.failure import FailureReport

    error = as_error(raised)
    code = 1 if given.get("detailed_exitcode") else error.exit_code
    verb = click.get_current_context().info_name or ""
    files = files_of(given)
    return FailureReport(verb=verb, error=error, exit_code=code, name=Path(files[0]).stem, files=files)


def _auto_format(_context: click.Context, _option: click.Parameter, value: str | None) -> str:
    return value or ("github" if os.environ.get("GITHUB_ACTIONS") == "true" else "text")


_FORMAT = click.option(
    "--format",
    "format_",
    type=click.Choice(list(FORMATS)),
    callback=_auto_format,
    envvar="SCOREFILE_FORMAT",
    help="Output format; github is the default inside GitHub Actions.",
)
_QUIET = click.option(
    "-q", "--quiet", is_flag=True, envvar="SCOREFILE_QUIET", help="Print only problems, one per line, and the result."
)
_COLOR = click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    envvar="SCOREFILE_COLOR",
    help="When to use color.",
)
_VERBOSE = click.option(
    "-v",
    "--verbose",
    count=True,
    envvar="SCOREFILE_VERBOSE",
    help="Print every job, and one line per request; -vv adds sizes.",
)
_LOG_FILE = click.option(
    "--log-file", metavar="PATH", envvar="SCOREFILE_LOG_FILE", help="Append one JSON line per request to PATH."
)
