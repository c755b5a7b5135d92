"""The one module that prints: data to stdout, talk to stderr, every format of the same objects."""

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
from runner.report.records import Look
from runner.report.style import wants_color
from runner.report.table import table

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TextIO

    from runner.errors import ScorefileError
    from runner.report.records import Report

__all__ = [
    "FORMAT_VERSION",
    "answer",
    "count",
    "look",
    "print_json",
    "print_table",
    "say",
    "short",
    "show_error",
    "speak",
    "talk",
    "usd",
]

SUMMARY_BYTES = (1 << 20) - 1024
"""GitHub drops the whole job summary of a step above 1 MiB."""
MAX_SOURCE_BYTES = 4 << 20
_YAML_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """How the command line asked to be spoken to."""

    format_: str = "text"
    color: str = "auto"
    quiet: bool = False
    verbose: int = 0


_TALK: ContextVar[Talk] = ContextVar("talk")


def speak(how: Talk) -> None:
    """Keep how this command line wants to be spoken to."""
    _TALK.set(how)


def talk() -> Talk:
    """Return how this command line wants to be spoken to."""
    return _TALK.get(Talk(color=os.environ.get("SCOREFILE_COLOR", "auto")))


def look(stream: TextIO) -> Look:
    """Return how a report is to look on a stream."""
    how = talk()
    return Look(
        color=wants_color(how.color, is_terminal=stream.isatty(), env=os.environ),
        verbose=how.verbose,
        quiet=how.quiet,
        line_of=line_of,
        relative=relative,
    )


def answer(report: Report, format_: str) -> int:
    """Print a report: its data to stdout, its talk to stderr, its page to the job summary. Return its exit code."""
    from runner.report.formats import FORMATS
    from runner.report.github import inert

    data = FORMATS[format_](report, look(sys.stdout))
    said = report.talk(look(sys.stderr))
    if data.strip():
        click.echo(_printable(data), color=True)
    if said:
        say(inert(said) if format_ == "github" else said)
    _summarize(report)
    return report.exit_code


def show_error(error: ScorefileError) -> None:
    """Print what went wrong and its remedy to stderr."""
    from runner.report.failure import FailureReport

    say(FailureReport(verb="", error=error, exit_code=error.exit_code).talk(look(sys.stderr)))


def say(text: str) -> None:
    """Print talk to stderr; what is coloured is coloured on purpose."""
    click.echo(_printable(text), err=True, color=True)


def print_json(data: dict[str, Any], *, exit_code: int = 0) -> None:
    """Print one JSON document to stdout."""
    click.echo(_printable(document(data, exit_code=exit_code)), color=True)


def print_table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    """Print rows in columns to stdout; the last column is not padded."""
    for line in table(head, rows, color=look(sys.stdout).color):
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


def _summarize(report: Report) -> None:
    """Append a report to the job summary, where there is one."""
    from runner.report.markdown import summary

    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if not path:
        return
    try:
        with Path(path).open("a", encoding="utf-8", errors="replace") as file:
            file.write(summary(report, SUMMARY_BYTES - file.tell()) + "\n")
    except OSError as error:
        say(f"warning: the job summary cannot be written: {error.strerror}")


def _printable(text: str) -> str:
    """Return text that any stream can encode: half a surrogate pair, as odd file names have, becomes a mark."""
    return text.encode("utf-8", "replace").decode()
