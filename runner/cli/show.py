"""The only module that writes to the terminal: results to stdout, all else to stderr."""

from __future__ import annotations

import functools
import os
import re
import sys
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from runner.report.as_json import FORMAT_VERSION, document
from runner.report.numbers import count, short, usd
from runner.report.records import Style
from runner.report.style import wants_color
from runner.report.table import table

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TextIO

    from runner.errors import ScorefileError
    from runner.report.records import FindingsReport, Report

__all__ = [
    "FORMAT_VERSION",
    "OutputOptions",
    "configure",
    "count",
    "output_options",
    "print_err",
    "print_error",
    "print_findings",
    "print_json",
    "print_report",
    "print_table",
    "short",
    "style_for",
    "usd",
]

SUMMARY_BYTES = (1 << 20) - 1024
"""GitHub drops the whole job summary of a step above 1 MiB."""
MAX_SOURCE_BYTES = 4 << 20
_YAML_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputOptions:
    """How the command line wants its output."""

    format_: str = "text"
    color: str = "auto"
    quiet: bool = False
    verbose: int = 0


_OPTIONS: ContextVar[OutputOptions] = ContextVar("output_options")


def configure(options: OutputOptions) -> None:
    """Keep how this command line wants its output."""
    _OPTIONS.set(options)


def output_options() -> OutputOptions:
    """Return how this command line wants its output."""
    return _OPTIONS.get(OutputOptions(color=os.environ.get("SCOREFILE_COLOR", "auto")))


def style_for(stream: TextIO) -> Style:
    """Return how a report is to look on a stream."""
    options = output_options()
    return Style(
        color=wants_color(options.color, is_terminal=stream.isatty(), env=os.environ),
        verbose=options.verbose,
        quiet=options.quiet,
        line_of=line_of,
        relative=relative,
    )


def print_report(report: Report, format_: str) -> int:
    """Print a report as text or JSON, and its messages to stderr. Return its exit code."""
    from runner.report.formats import PLAIN_FORMATS

    data, messages = PLAIN_FORMATS[format_](report, style_for(sys.stdout)), report.messages(style_for(sys.stderr))
    if os.environ.get("GITHUB_ACTIONS") == "true" and format_ == "text":
        from runner.report.github import inert

        data, messages = inert(data), inert(messages)
    _print(data, messages)
    return report.exit_code


def print_findings(report: FindingsReport, format_: str) -> int:
    """Print a report in any format, its messages to stderr, its page to the job summary. Return its exit code."""
    from runner.report.formats import FORMATS
    from runner.report.github import inert

    data = FORMATS[format_](report, style_for(sys.stdout))
    messages = report.messages(style_for(sys.stderr))
    _print(data, inert(messages) if format_ == "github" else messages)
    _summarize(report)
    return report.exit_code


def _print(data: str, messages: str) -> None:
    if data.strip():
        click.echo(_printable(data), color=True)
    if messages:
        print_err(messages)


def print_error(error: ScorefileError) -> None:
    """Print what went wrong and its remedy to stderr."""
    from runner.report.failure import FailureReport

    print_err(FailureReport(verb="", error=error, exit_code=error.exit_code).messages(style_for(sys.stderr)))


def print_err(text: str) -> None:
    """Print a message to stderr; what is colored is colored on purpose."""
    click.echo(_printable(text), err=True, color=True)


def print_json(data: dict[str, Any], *, exit_code: int = 0) -> None:
    """Print one JSON document to stdout."""
    click.echo(_printable(document(data, exit_code=exit_code)), color=True)


def print_table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    """Print rows in columns to stdout; the last column is not padded."""
    for line in table(head, rows, color=style_for(sys.stdout).color):
        click.echo(_printable(line), color=True)


def line_of(file: str, line: int) -> str | None:
    """Return a line of a source file, counted from 1; None when it is not there or not text."""
    lines = _lines(file)
    return lines[line - 1] if 0 < line <= len(lines) else None


@functools.lru_cache(maxsize=16)
def _lines(file: str) -> tuple[str, ...]:
    """Split a file the way its marks count lines: YAML knows five line breaks, a text beside it one."""
    try:
        with Path(file).open("rb") as source:
            text = source.read(MAX_SOURCE_BYTES).decode("utf-8-sig")
    except (OSError, ValueError):
        return ()
    return tuple(_YAML_BREAK.split(text) if file.endswith((".yaml", ".yml")) else text.split("\n"))


def relative(file: str) -> str:
    """Return a file's path below the root of the repository, or below the current folder, with slashes."""
    path = os.path.abspath(file)  # noqa: PTH100 - a link is shown as it is named
    roots = [root for root in (os.environ.get("GITHUB_WORKSPACE"), os.getcwd()) if root]  # noqa: PTH109 - the same
    for root in roots:
        below = os.path.relpath(path, root)
        if not below.startswith(".."):
            return Path(below).as_posix()
    return Path(os.path.relpath(path)).as_posix()


def _summarize(report: FindingsReport) -> None:
    """Append a report to the job summary, where there is one."""
    from runner.report.markdown import summary

    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if not path:
        return
    try:
        with Path(path).open("a", encoding="utf-8", errors="replace") as file:
            file.write(summary(report, SUMMARY_BYTES - file.tell()) + "\n")
    except OSError as error:
        print_err(f"warning: the job summary cannot be written: {error.strerror}")


def _printable(text: str) -> str:
    """Return text that any stream can encode: half a surrogate pair, as odd file names have, becomes a mark."""
    return text.encode("utf-8", "replace").decode()
