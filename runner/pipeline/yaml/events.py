"""YAML text → the parser's events, with every limit checked before anything is built from them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from runner.pipeline.yaml.syntax import syntax_problem
from runner.records.source import Mark, Problem

if TYPE_CHECKING:
    from runner.pipeline.yaml.marks import Place

Event: TypeAlias = Any
"""One of yaml.events; their stubs leave open whether an event has marks, which a parsed one always has."""

MAX_SOURCE_BYTES: Final = 4 * 1024 * 1024
MAX_VALUES: Final = 200_000
MAX_DEPTH: Final = 32

# U+2028, U+2029 and U+0085 are line breaks to YAML and to no editor: lines would be counted differently.
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class StopReadingError(Exception):
    """Reading cannot go on; carries the one problem that says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def forbidden_character(text: str, file: str) -> Problem | None:
    """Find the first control character or lone surrogate in `text`."""
    found = FORBIDDEN.search(text)
    if found is None:
        return None
    before = text[: found.start()]
    return Problem(
        code="SF109",
        message=f"the character U+{ord(found[0]):04X} does not belong in a text file",
        mark=Mark(file=file, line=before.count("\n") + 1, column=found.start() - before.rfind("\n"), end_column=None),
        help="remove it, and save the file as UTF-8",
    )


def clean(text: str, file: str) -> str:
    if len(text) > MAX_SOURCE_BYTES:
        raise StopReadingError(
            Problem(
                code="SF106",
                message=f"the file has {len(text):,} characters",
                mark=Mark(file=file, line=1, column=1),
                allowed=f"up to {MAX_SOURCE_BYTES:,} characters",
                help="split it into several pipelines, or use a matrix",
            )
        )
    source = text.removeprefix("\ufeff")
    if "\r" in source:
        source = source.replace("\r\n", "\n").replace("\r", "\n")
    bad = forbidden_character(source, file)
    if bad is not None:
        raise StopReadingError(bad)
    return source


def read_events(source: str, file: str) -> tuple[list[Event], dict[int, int]]:
    """Collect the events of the one document, and for each alias's index the index of its value.

    Refuses what is too deep or too much before it is built.
    """
    events: list[Event] = []
    anchors: dict[str, int] = {}
    targets: dict[int, int] = {}
    depth = values = documents = 0
    try:
        for event in yaml.parse(source, Loader=LOADER):
            kind = type(event)
            if kind is ScalarEvent or kind is MappingStartEvent or kind is SequenceStartEvent:
                values += 1
                if event.anchor is not None:  # type: ignore[attr-defined]
                    anchors[event.anchor] = len(events)  # type: ignore[attr-defined]
                if kind is not ScalarEvent:
                    depth += 1
                if depth > MAX_DEPTH:
                    raise StopReadingError(too_deep(mark_of(event, file)))
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                depth -= 1
            elif kind is AliasEvent:
                targets[len(events)] = _target(event, anchors, file)
            elif kind is DocumentStartEvent:
                documents += 1
                if documents > 1:
                    raise StopReadingError(_second_document(event, file))
            elif kind is StreamEndEvent and not documents:
                raise StopReadingError(_empty(file))
            if values > 2 * MAX_VALUES:
                raise StopReadingError(too_many(mark_of(event, file)))
            events.append(event)
    except yaml.MarkedYAMLError as error:
        raise StopReadingError(syntax_problem(error, source, file)) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        problem = Problem(code="SF101", message=f"not YAML: {error}", mark=Mark(file=file, line=1, column=1))
        raise StopReadingError(problem) from None
    return events, targets


def _target(event: Event, anchors: dict[str, int], file: str) -> int:
    if event.anchor not in anchors:
        message = f"no anchor &{event.anchor} before this alias"
        raise StopReadingError(
            Problem(
                code="SF105", message=message, mark=mark_of(event, file), help="define it first: `&name` at the value"
            )
        )
    return anchors[event.anchor]


def place_of(event: Event) -> Place:
    """Return the place of an event: its line and columns, counted from 1."""
    start, end = event.start_mark, event.end_mark
    line, column, last = start.line, start.column, end.column
    return line + 1, column + 1, last + 1 if last > column and end.line == line else None


def mark_of(event: Event, file: str) -> Mark:
    line, column, end_column = place_of(event)
    return Mark(file=file, line=line, column=column, end_column=end_column)


def too_deep(mark: Mark) -> Problem:
    return Problem(
        code="SF106",
        message="this value nests too deeply",
        mark=mark,
        allowed=f"up to {MAX_DEPTH} levels",
        help="flatten this value",
    )


def too_many(mark: Mark) -> Problem:
    return Problem(
        code="SF106",
        message="the file expands to too many values here",
        mark=mark,
        allowed=f"up to {MAX_VALUES:,} values, aliases expanded",
        help="use a matrix, or split the pipeline",
    )


def _second_document(event: Event, file: str) -> Problem:
    message = "a second document starts here"
    return Problem(code="SF108", message=message, mark=mark_of(event, file), help="keep one document per file")


def _empty(file: str) -> Problem:
    mark = Mark(file=file, line=1, column=1)
    return Problem(
        code="SF108", message="the file is empty", mark=mark, help="`scorefile init` writes one to start from"
    )
