"""The only module that writes to the terminal: results to stdout, all else to stderr."""

from __future__ import annotations

import functools
import os
import re
import sys
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from runner.frozen import dataclass
from runner.report.as_json import FORMAT_VERSION, document
from runner.report.numbers import count, short, usd
from runner.report.records import Style
from runner.report.style import printable, wants_color
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
    "confirm",
    "count",
    "output_options",
    "print_at_once",
    "print_data",
    "print_err",
    "print_error",
    "print_findings",
    "print_json",
    "print_out",
    "print_report",
    "print_table",
    "short",
    "style_for",
    "usd",
]

SUMMARY_BYTES = (1 << 20) - 1024
"""GitHub drops the whole job summary of a step above 1 MiB."""
MAX_SOURCE_BYTES = 4 << 20
JSON_FORMATS = ("json", "jsonl", "sarif")
_YAML_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputOptions:
    """How the command line wants its output."""

    format_: str = "text"
    color: str = "auto"
    quiet: bool = False
    verbose: int = 0
    wide: bool = False


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
        width=_columns(stream),
        wide=options.wide,
        line_of=line_of,
        relative=relative,
    )


def _columns(stream: TextIO) -> int | None:
    """Return how many columns the terminal behind a stream has; None where there is none, or where it does not say."""
    if not stream.isatty():
        return None
    try:
        return os.get_terminal_size(stream.fileno()).columns or None
    except OSError:
        return None


def print_report(report: Report, format_: str) -> int:
    """Print a report as text or JSON, and its messages to stderr. Return its exit code."""
    from runner.report.formats import PLAIN_FORMATS

    _print_format(PLAIN_FORMATS[format_](report, style_for(sys.stdout)), format_)
    print_err(report.messages(style_for(sys.stderr)))
    return report.exit_code


def print_findings(report: FindingsReport, format_: str) -> int:
    """Print a report in any format, its messages to stderr, its page to the job summary. Return its exit code."""
    from runner.report.formats import FORMATS

    _print_format(FORMATS[format_](report, style_for(sys.stdout)), format_)
    print_err(report.messages(style_for(sys.stderr)), inert=format_ == "github")
    _summarize(report)
    return report.exit_code


def print_error(error: ScorefileError) -> None:
    """Print what went wrong and its remedy to stderr."""
    from runner.report.failure import FailureReport

    print_err(FailureReport(verb="", error=error, exit_code=error.exit_code).messages(style_for(sys.stderr)))


def _print_format(text: str, format_: str) -> None:
    """Print a result in a format; inside GitHub Actions what is JSON holds no command to the runner either."""
    print_out(_inert_json(text) if format_ in JSON_FORMATS else text, inert=format_ == "text")


def _inert_json(text: str) -> str:
    if not _on_actions():
        return text
    from runner.report.github import inert_json

    return inert_json(text)


def print_out(text: str, *, inert: bool = True) -> None:
    """Print a result to stdout unless it is empty. `inert`: text for people, without commands to a CI's runner."""
    if text.strip():
        click.echo(_cleaned(text, sys.stdout, inert=inert and _on_actions()), color=True)


def print_err(text: str, *, inert: bool = False) -> None:
    """Print a message to stderr unless it is empty; inside GitHub Actions nothing in it is a command to the runner."""
    if text:
        click.echo(_cleaned(text, sys.stderr, inert=inert or _on_actions()), err=True, color=True)


def print_data(text: str) -> None:
    """Print a file's content to stdout, as it is; inside GitHub Actions without commands to the runner, as JSON has it."""
    click.echo(_inert_json(text).encode("utf-8", "replace").decode(), nl=False)


def print_at_once(text: str) -> None:
    """Print to stderr from a signal handler, where nothing may wait for a lock of the stream."""
    os.write(2, text.encode())


def confirm(question: str) -> bool:
    """Ask a question on stderr and return whether the answer is yes."""
    return click.confirm(question, err=True)


def print_json(data: dict[str, Any], *, exit_code: int = 0) -> None:
    """Print one JSON document to stdout."""
    print_out(document(data, exit_code=exit_code), inert=False)


def print_table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    """Print rows in columns to stdout; the last column is not padded."""
    print_out("\n".join(table(head, rows, style_for(sys.stdout))))


def _cleaned(text: str, stream: TextIO, *, inert: bool) -> str:
    """Return text that steers neither the terminal nor, with `inert`, a CI's runner: the last check of foreign words."""
    cleaned = printable(text, color=style_for(stream).color)
    if not inert:
        return cleaned
    from runner.report.github import inert as without_commands

    return without_commands(cleaned)


def _on_actions() -> bool:
    return os.environ.get("GITHUB_ACTIONS") == "true"


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
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if not path:
        return
    from runner.report.markdown import summary

    try:
        with Path(path).open("a", encoding="utf-8", errors="replace") as file:
            file.write(summary(report, SUMMARY_BYTES - file.tell()) + "\n")
    except OSError as error:
        print_err(f"warning: the job summary cannot be written: {error.strerror}")
