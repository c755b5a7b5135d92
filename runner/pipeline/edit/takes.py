"""The smallest edit that sets `take:` of one job: a number replaced, or one line added."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from yaml.events import CollectionEndEvent, CollectionStartEvent, MappingStartEvent

from runner.errors import ScorefileError
from runner.pipeline.yaml.document import parse, same_data
from runner.pipeline.yaml.events import read_events

if TYPE_CHECKING:
    from runner.pipeline.yaml.events import Event

COMMENT = re.compile(r"(?:[ \t]*\r?\n)*(?P<indent> *)#[^\n]*")
"""A comment on a line of its own, with the empty lines before it."""


class EditRefusedError(ScorefileError):
    """An edit of a file would change more than the one value; nothing was written."""

    exit_code = 3


def set_take(text: str, file: str, job: str, take: int) -> str:
    """Return the text of a pipeline, which must be readable and have the job, with `take: TAKE` in it.

    No other character changes. Raises EditRefusedError when the job shares its settings with others: an alias, or an
    anchor that other jobs use.
    """
    events, _ = read_events(text, file)
    by_hand = f"write `take: {take}` into the job by hand"
    jobs = _value(events, 2, "jobs")
    at = None if jobs is None else _value(events, jobs, job)
    if at is None or type(events[at]) is not MappingStartEvent:
        raise EditRefusedError(f"{job} has no settings of its own in {file}", help=by_hand)
    result = _with_take(text, events, at, take)
    wanted = parse(text, file)
    wanted.data["jobs"][job]["take"] = take
    if not same_data(parse(result, file), wanted, in_order=False):
        raise EditRefusedError(f"setting `take` of {job} would change other values with it", help=by_hand)
    return result


def _with_take(text: str, events: list[Event], job: int, take: int) -> str:
    written = _value(events, job, "take")
    if written is not None:
        start, end = events[written].start_mark.index, events[written].end_mark.index
        return f"{text[:start]}{take}{text[end:]}"
    entries = _entries(events, job)
    if not entries:
        start = events[job].start_mark.index + 1
        return f"{text[:start]}take: {take}{text[start:]}"
    after = next((value for key, value in entries if events[key].value == "params"), entries[-1][1])
    end = _end(events, after)
    if events[job].flow_style:
        return f"{text[:end]}, take: {take}{text[end:]}"
    return _with_line(text, end, events[entries[0][0]].start_mark.column, f"take: {take}")


def _with_line(text: str, end: int, column: int, line: str) -> str:
    """Add a line in a column, with the line end of the file.

    It goes below the line of the character before `end`, and below the comments after it that are indented more than
    the column: they belong to what is above.
    """
    newline = "\r\n" if "\r\n" in text else "\n"
    stop = text.find("\n", end - 1)
    while stop >= 0 and (comment := COMMENT.match(text, stop + 1)) and len(comment["indent"]) > column:
        stop = text.find("\n", comment.end())
    if stop < 0:
        return f"{text}{newline}{' ' * column}{line}{newline}"
    return f"{text[: stop + 1]}{' ' * column}{line}{newline}{text[stop + 1 :]}"


def _value(events: list[Event], mapping: int, name: str) -> int | None:
    """Return the index of a key's value in a mapping; merged keys do not count."""
    entries = _entries(events, mapping) if type(events[mapping]) is MappingStartEvent else []
    return next((value for key, value in entries if getattr(events[key], "value", None) == name), None)


def _entries(events: list[Event], mapping: int) -> list[tuple[int, int]]:
    entries = []
    key = mapping + 1
    while not isinstance(events[key], CollectionEndEvent):
        value = _skip(events, key)
        entries.append((key, value))
        key = _skip(events, value)
    return entries


def _skip(events: list[Event], index: int) -> int:
    """Return the index after the node that starts at `index`."""
    depth = 0
    while True:
        depth += isinstance(events[index], CollectionStartEvent)
        depth -= isinstance(events[index], CollectionEndEvent)
        index += 1
        if depth == 0:
            return index


def _end(events: list[Event], index: int) -> int:
    """Return where a node ends in the text; a block collection ends with the last thing in it."""
    end = _end_index(events[index])
    in_flow: list[bool] = []
    for event in events[index : _skip(events, index)]:
        is_end = isinstance(event, CollectionEndEvent)
        if isinstance(event, CollectionStartEvent):
            in_flow.append(bool(event.flow_style))
        if not is_end or in_flow.pop():
            end = _end_index(event)
    return end


def _end_index(event: Event) -> int:
    index: int = event.end_mark.index
    return index
