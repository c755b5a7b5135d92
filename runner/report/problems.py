"""A Problem for people, for editors, and as data."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from runner.report.numbers import count, some
from runner.report.style import clean, paint
from runner.report.width import WIDEST, show_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.errors import ScorefileError
    from runner.records.source import Json, Mark, Problem, Step
    from runner.report.records import Style

MIN_WIDEST = 30
"""A source line is never cut to fewer columns, however narrow the terminal is."""


MOST_OF_ONE_CODE: Final = 20


def problem_text(problem: Problem, style: Style) -> str:
    """Return a problem with its place, the source line underlined, what is allowed, its origin, the remedy last.

    With `style.quiet` it is one line: `file:line:col: error SF401: message`.
    """
    if style.quiet:
        return problem_line(problem)
    role, on = problem.severity, style.color
    message = paint(clean(problem.message), "strong", on=on)
    lines = [f"{paint(f'{problem.severity}[{problem.code}]', role, on=on)}: {message}"]
    gutter = 1
    if problem.mark is not None:
        gutter = len(str(problem.mark.line))
        lines += _snippet(problem, problem.mark, gutter, style)
    sign = f"{' ' * gutter} {paint('=', 'gutter', on=on)}"
    lines += [f"{sign} {note}" for note in _notes(problem)]
    if problem.help:
        lines.append(f"{paint('help', 'help', on=on)}: {clean(problem.help)}")
    return "\n".join(lines)


def problems_text(problems: Iterable[Problem], style: Style) -> str:
    """Return problems one below the other, with an empty line between them unless each is one line.

    For people, of one code the first 20 and then a count; `style.quiet` and `style.verbose` show all.
    """
    most = None if style.quiet or style.verbose else MOST_OF_ONE_CODE
    seen: Counter[str] = Counter()
    shown: list[str] = []
    for problem in problems:
        seen[problem.code] += 1
        if most is None or seen[problem.code] <= most:
            shown.append(problem_text(problem, style))
    more = [f"{seen[code] - most:,} more of {code}" for code in seen if most is not None and seen[code] > most]
    if more:
        shown.append(f"{', '.join(more)}: -v shows all")
    return gap(style).join(shown)


def error_text(error: ScorefileError, style: Style) -> str:
    """Return what went wrong and, after an empty line, its remedy."""
    head = f"{paint('error', 'error', on=style.color)}: {clean(error.message)}"
    return f"{head}\n\n{paint('help', 'help', on=style.color)}: {clean(error.help)}" if error.help else head


def gap(style: Style) -> str:
    """Return the separator between two problems, and between the last one and the verdict."""
    return "\n" if style.quiet else "\n\n"


def problem_line(problem: Problem) -> str:
    """Return a problem on one line, as editors and problem matchers read it."""
    place = f"{clean(str(problem.mark))}: " if problem.mark else ""
    allowed = f", allowed {clean(problem.allowed)}" if problem.allowed else ""
    reach = f" (in {count(len(problem.cells), 'job')})" if len(problem.cells) > 1 else ""
    return f"{place}{problem.severity} {problem.code}: {clean(problem.message)}{allowed}{reach}"


def notes(problem: Problem) -> tuple[str, ...]:
    """Return what else is to be said of a problem: what is allowed, its origin, its reach, the remedy last."""
    help_ = (f"help: {clean(problem.help)}",) if problem.help else ()
    return (*_notes(problem), *help_)


def verdict(problems: Iterable[Problem]) -> str:
    """Return `2 problems found`, with the warnings counted apart."""
    severities = [problem.severity for problem in problems]
    errors, warnings = severities.count("error"), severities.count("warning")
    parts = [count(errors, "problem")] if errors or not warnings else []
    parts += [count(warnings, "warning")] if warnings else []
    return f"{' and '.join(parts)} found"


def problem_data(problem: Problem) -> dict[str, Json]:
    """Return a problem as data."""
    return {
        "code": problem.code,
        "severity": problem.severity,
        "message": problem.message,
        "place": mark_data(problem.mark),
        "path": list(problem.path),
        "allowed": problem.allowed,
        "help": problem.help,
        "origin": [{"text": step.text, "place": mark_data(step.mark)} for step in problem.origin],
        "jobs": list(problem.cells),
    }


def mark_data(mark: Mark | None) -> dict[str, Json] | None:
    """Return a place as data."""
    if mark is None:
        return None
    return {"file": mark.file, "line": mark.line, "column": mark.column, "end_column": mark.end_column}


def _snippet(problem: Problem, mark: Mark, gutter: int, style: Style) -> list[str]:
    on, pad = style.color, " " * gutter
    bar = paint("|", "gutter", on=on)
    lines = [f"{pad}{paint('-->', 'gutter', on=on)} {clean(str(mark))}"]
    from runner.diagnostics.secrets import mask

    source = style.line_of(mark.file, mark.line)
    if source is None:
        return lines
    widest = WIDEST if style.width is None else max(MIN_WIDEST, style.width - gutter - len(" | ") - len("……"))
    shown = show_line(_unseen(problem, mask(source)), mark.column, mark.end_column, widest=widest)
    underline = paint("^" * shown.width, problem.severity, on=on)
    return [
        *lines,
        f"{pad} {bar}",
        f"{paint(str(mark.line), 'gutter', on=on)} {bar} {shown.text}",
        f"{pad} {bar} {' ' * shown.offset}{underline}",
    ]


def _unseen(problem: Problem, line: str) -> str:
    """Return a source line without the value that a problem is about, where that may not be shown."""
    from runner.diagnostics.sensitive import is_sensitive

    if problem.code == "SF201" or not is_sensitive(problem.path):
        return line
    begin = line.find(":") + 1
    return line[:begin] + re.sub(r"\S", "*", line[begin:])


def _notes(problem: Problem) -> tuple[str, ...]:
    allowed = (f"allowed: {clean(problem.allowed)}",) if problem.allowed else ()
    origin = tuple(_step(step) for step in problem.origin)
    many = len(problem.cells)
    reach = (f"in {count(many, 'job')}: {some(problem.cells)}",) if many > 1 else ()
    return (*allowed, *origin, *reach)


def _step(step: Step) -> str:
    return f"from {clean(step.text)}" + (f" ({clean(str(step.mark))})" if step.mark else "")
