"""The one module that prints: data to stdout, talk to stderr, text and JSON of the same objects."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from runner.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    from runner.errors import ScorefileError
    from runner.records import Json, Mark, Problem

FORMAT_VERSION = 1
_ID_WIDTH = 28


def show_error(error: ScorefileError) -> None:
    """Print what went wrong and its remedy to stderr."""
    if isinstance(error, SpecError):
        for problem in error.problems:
            click.echo(problem_text(problem), err=True)
        click.echo(f"{error.message} found", err=True)
        return
    click.echo(f"{click.style('error', fg='red', bold=True)}: {error.message}", err=True)
    if error.help:
        click.echo(f"\nhelp: {error.help}", err=True)


def problem_text(problem: Problem) -> str:
    """Return a problem as people read it: place, severity, code, what is wrong, what is allowed, the remedy last."""
    color = "red" if problem.severity == "error" else "yellow"
    place = f"{problem.mark}: " if problem.mark else ""
    head = click.style(f"{problem.severity}[{problem.code}]", fg=color, bold=True)
    allowed = f", allowed {problem.allowed}" if problem.allowed else ""
    lines = [f"{place}{head}: {problem.message}{allowed}"]
    lines += [f"  from {step.text}" + (f"  ({step.mark})" if step.mark else "") for step in problem.origin]
    if len(problem.cells) > 1:
        shown = ", ".join(problem.cells[:3]) + (" …" if len(problem.cells) > 3 else "")
        lines.append(f"  in {len(problem.cells)} jobs: {shown}")
    if problem.help:
        lines.append(f"  help: {problem.help}")
    return "\n".join(lines)


def problem_json(problem: Problem) -> dict[str, Json]:
    """Return a problem as data."""
    return {
        "code": problem.code,
        "severity": problem.severity,
        "message": problem.message,
        "place": mark_json(problem.mark),
        "path": list(problem.path),
        "allowed": problem.allowed,
        "help": problem.help,
        "origin": [{"text": step.text, "place": mark_json(step.mark)} for step in problem.origin],
        "jobs": list(problem.cells),
    }


def mark_json(mark: Mark | None) -> dict[str, Json] | None:
    """Return a place as data."""
    if mark is None:
        return None
    return {"file": mark.file, "line": mark.line, "column": mark.column, "end_column": mark.end_column}


def print_json(data: dict[str, Any]) -> None:
    """Print one JSON document to stdout."""
    click.echo(json.dumps({"format_version": FORMAT_VERSION, **data}, indent=1, ensure_ascii=False))


def print_table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    """Print rows in columns to stdout; the last column is not padded."""
    table = [head, *rows]
    widths = [max(len(row[column]) for row in table) for column in range(len(head))]
    for number, row in enumerate(table):
        cells = [cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=False)]
        line = "  ".join([*cells, row[-1]]).rstrip()
        click.echo(click.style(line, bold=True) if number == 0 else line)


def usd(amount: Decimal | None) -> str:
    """Return an amount as people read it; an unknown one says so."""
    return (
        "unknown" if amount is None else f"${amount:.2f}" if amount == round(amount, 2) else f"${amount.normalize():f}"
    )


def count(number: int, noun: str) -> str:
    """Return `1 job`, `3 jobs`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def short(value: Json, limit: int = 60) -> str:
    """Return a value on one line, cut to `limit` characters."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= limit else text[: limit - 1] + "…"
