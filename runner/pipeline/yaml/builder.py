"""The parser's events → plain data, and beside it the place of each value and each key."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from runner.diagnostics.messages import show
from runner.frozen import replace
from runner.pipeline.yaml.events import (
    FORBIDDEN,
    MAX_DEPTH,
    MAX_VALUES,
    StopReadingError,
    mark_of,
    place_of,
    read_events,
    too_deep,
    too_many,
)
from runner.pipeline.yaml.marks import Marks
from runner.pipeline.yaml.scalars import OddNumberError, meant, plain
from runner.pipeline.yaml.source_map import is_template, text_of, value_mark
from runner.pipeline.yaml.syntax import unquoted_template
from runner.records.source import DocPath, Json, Mark, Problem

if TYPE_CHECKING:
    from runner.pipeline.yaml.events import Event
    from runner.records.pipeline import Text

BLOCK: Final = frozenset("|>")
GROUPED: Final = re.compile(r"(?<![\w.,])[0-9]{1,3}(?:,[0-9]{3})+$")


class Builder:
    """Turn events into data. One instance serves one document."""

    def __init__(self, file: str, source: str) -> None:
        self.file = file
        self.source = source
        self.events, self.targets = read_events(source, file)
        self.root = 2  # after stream start and document start
        self.values = 0
        self.marks = Marks(file)
        self.key_marks = Marks(file)
        self.names: set[str] = set()
        """Unquoted keys that are known to be text."""
        self.texts: dict[DocPath, Text] = {}
        self.problems: list[Problem] = []
        self.open: set[int] = set()
        self.alias: Event | None = None

    def build(self, index: int, path: DocPath, depth: int) -> tuple[Json, int]:
        """Build the value whose first event is at `index`; return it and the index after its last event."""
        event = self.events[index]
        self.values += 1
        if self.values > MAX_VALUES:
            raise StopReadingError(too_many(mark_of(self.alias or event, self.file)))
        if depth > MAX_DEPTH:
            raise StopReadingError(too_deep(mark_of(event, self.file)))
        if type(event) is ScalarEvent:
            return self._scalar(event, path), index + 1
        if type(event) is AliasEvent:
            return self._expand(event, index, path, depth), index + 1
        self._refuse_tag(event)
        self._place(path, event)
        self.open.add(index)
        if type(event) is SequenceStartEvent:
            result: tuple[Json, int] = self._sequence(index + 1, path, depth)
        else:
            result = self._mapping(index + 1, path, depth)
        self.open.discard(index)
        return result

    def _expand(self, event: Event, index: int, path: DocPath, depth: int) -> Json:
        """Build the value of an alias; name the outermost alias when it expands too far."""
        outer = self.alias
        self.alias = outer or event
        value, _ = self.build(self._target(index), path, depth)
        self.alias = outer
        return value

    def _scalar(self, event: Event, path: DocPath) -> Json:
        self._refuse_tag(event)
        value: str = event.value
        style: str | None = event.style
        self._place(path, event)
        if not style:
            try:
                meaning = plain(value)
            except OddNumberError:
                self.problems.append(_odd_number(value, self.marks[path], path))
                return value
            if not isinstance(meaning, str):
                return meaning
        elif style == '"' and (found := FORBIDDEN.search(value)):
            message = f"the text contains the character U+{ord(found[0]):04X}"
            mark = self.marks[path]
            self.problems.append(Problem(code="SF109", message=message, mark=mark, help="remove the escape"))
        is_block = style in BLOCK
        if is_block or is_template(value):
            text = text_of(event, self.source, self.file)
            if is_template(value):
                self.texts[path] = text
            if is_block:
                self.marks.places[path] = text.mark.line, text.mark.column, text.mark.end_column
        return value

    def _place(self, path: DocPath, event: Event) -> None:
        """Note where a value is: after its anchor, where it has one."""
        if event.anchor is None:
            self.marks.places[path] = place_of(event)
        else:
            mark = value_mark(event, self.source, self.file)
            self.marks.places[path] = mark.line, mark.column, mark.end_column

    def _sequence(self, index: int, path: DocPath, depth: int) -> tuple[list[Json], int]:
        items: list[Json] = []
        while type(self.events[index]) is not SequenceEndEvent:
            value, index = self.build(index, (*path, len(items)), depth + 1)
            items.append(value)
        return items, index + 1

    def _mapping(self, index: int, path: DocPath, depth: int) -> tuple[dict[str, Json], int]:
        data: dict[str, Json] = {}
        merges: list[int] = []
        while type(self.events[index]) is not MappingEndEvent:
            event = self.events[index]
            if type(event) is ScalarEvent and event.value == "<<" and event.implicit[0]:
                merges.append(index + 1)
                index = self._skip(index + 1)
                continue
            key = self._key(event, index, path)
            if key is None or (key in data and self._is_twice(key, event, path)):
                index = self._skip(self._skip(index))
                continue
            here = (*path, key)
            self.key_marks.places[here] = place_of(event)
            data[key], index = self.build(index + 1, here, depth + 1)
        for merge in merges:
            self._merge(merge, data, path, depth, lists=True)
        return data, index + 1

    def _key(self, event: Event, index: int, path: DocPath) -> str | None:
        """Return the text of a key, or None with a problem when it is not text."""
        if type(event) is AliasEvent:
            target = self.events[self._target(index)]
            if type(target) is ScalarEvent:
                event = target
        if type(event) is not ScalarEvent:
            mark = mark_of(self.events[index], self.file)
            self.problems.append(self._not_text(event, index, path, mark))
            return None
        value: str = event.value
        if not event.style and value in self.names:
            return value
        try:
            is_text = bool(event.style) or isinstance(plain(value), str)
        except OddNumberError:
            is_text = False
        if is_text and not FORBIDDEN.search(value):
            if not event.style:
                self.names.add(value)
            return value
        mark = mark_of(self.events[index], self.file)
        self.problems.append(self._grouped(event, path) or _odd_key(value, mark, path))
        return None

    def _grouped(self, event: Event, path: DocPath) -> Problem | None:
        """Detect the end of a number like 1,000, which inside braces is two entries."""
        start, end = event.start_mark.index, event.end_mark.index
        line = self.source.rfind("\n", 0, start) + 1
        found = GROUPED.search(self.source, line, end)
        if found is None:
            return None
        mark = mark_of(event, self.file)
        mark = replace(mark, column=found.start() - line + 1)
        message = f"{found[0]} is two entries here: the comma separates them"
        remedy = f"write {found[0].replace(',', '')}"
        return Problem(code="SF107", message=message, mark=mark, path=path, help=remedy)

    def _not_text(self, event: Event, index: int, path: DocPath, mark: Mark) -> Problem:
        outer = self.events[index - 1]
        if type(event) is MappingStartEvent and event.flow_style and getattr(outer, "flow_style", False):
            return self._unquoted_template(outer, path)
        return Problem(code="SF107", message="a key must be text", mark=mark, path=path)

    def _unquoted_template(self, outer: Event, path: DocPath) -> Problem:
        """Report a template without quotes, which YAML reads as a mapping in a mapping."""
        start = outer.start_mark.index
        written = self.source[start : self.source.find("}}", start) + 2].partition("\n")[0]
        message, remedy = unquoted_template(written)
        mark = mark_of(outer, self.file)
        mark = replace(mark, end_column=mark.column + len(written))
        return Problem(code="SF107", message=message, mark=mark, path=path, help=remedy)

    def _is_twice(self, key: str, event: Event, path: DocPath) -> bool:
        first = self.key_marks[(*path, key)]
        mark = mark_of(event, self.file)
        message = f"duplicate key {key} (first defined on line {first.line})"
        self.problems.append(
            Problem(code="SF102", message=message, mark=mark, path=(*path, key), help="keep one of them")
        )
        return True

    def _merge(self, index: int, data: dict[str, Json], path: DocPath, depth: int, *, lists: bool) -> None:
        """Add the entries of a `<<` value; entries that `data` already has stay."""
        written = self.events[index]
        start = self._target(index) if type(written) is AliasEvent else index
        event = self.events[start]
        if type(event) is SequenceStartEvent and lists:
            item = start + 1
            while type(self.events[item]) is not SequenceEndEvent:
                self._merge(item, data, path, depth, lists=False)
                item = self._skip(item)
            return
        if type(event) is not MappingStartEvent:
            message = "<< takes a mapping, an alias of one, or a list of them"
            mark = mark_of(written, self.file)
            self.problems.append(Problem(code="SF105", message=message, mark=mark, help="write <<: *name"))
            return
        if depth > MAX_DEPTH:
            raise StopReadingError(too_deep(mark_of(written, self.file)))
        self.open.add(start)
        kept = self.marks.places.get(path)
        own = set(data)
        merged, _ = self._mapping_over(start + 1, path, depth, own)
        for key, value in merged.items():
            data.setdefault(key, value)
        if kept is not None:
            self.marks.places[path] = kept
        self.open.discard(start)

    def _mapping_over(self, index: int, path: DocPath, depth: int, own: set[str]) -> tuple[dict[str, Json], int]:
        """Build a merged mapping at `path` without the keys in `own`, which keep their places."""
        data: dict[str, Json] = {}
        merges: list[int] = []
        while type(self.events[index]) is not MappingEndEvent:
            event = self.events[index]
            self.values += 1
            if self.values > MAX_VALUES:
                raise StopReadingError(too_many(mark_of(self.alias or event, self.file)))
            if type(event) is ScalarEvent and event.value == "<<" and event.implicit[0]:
                merges.append(index + 1)
                index = self._skip(index + 1)
            elif type(event) is not ScalarEvent or event.value in own or event.value in data:
                index = self._skip(self._skip(index))
            else:
                here = (*path, event.value)
                self.key_marks.places[here] = place_of(event)
                data[event.value], index = self.build(index + 1, here, depth + 1)
        for merge in merges:
            inherited: dict[str, Json] = dict.fromkeys(own) | data
            self._merge(merge, inherited, path, depth + 1, lists=True)
            data |= {key: value for key, value in inherited.items() if key not in own and key not in data}
        return data, index + 1

    def _target(self, index: int) -> int:
        target = self.targets[index]
        if target in self.open:
            event = self.events[index]
            raise StopReadingError(
                Problem(
                    code="SF105",
                    message=f"*{event.anchor} refers to itself",
                    mark=mark_of(event, self.file),
                    help=f"move *{event.anchor} out of the value that &{event.anchor} marks",
                )
            )
        return target

    def _refuse_tag(self, event: Event) -> None:
        if event.tag is not None:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            self.problems.append(
                Problem(
                    code="SF103",
                    message=f"the tag {tag} is not used here",
                    mark=mark_of(event, self.file),
                    help="remove it",
                )
            )

    def _skip(self, index: int) -> int:
        """Return the index after the value that starts at `index`."""
        depth = 0
        while True:
            kind = type(self.events[index])
            if kind is MappingStartEvent or kind is SequenceStartEvent:
                depth += 1
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                depth -= 1
            index += 1
            if depth == 0:
                return index


def _odd_key(value: str, mark: Mark, path: DocPath) -> Problem:
    message = f"the key {show(value)} is not text" if value else "a key is empty"
    remedy = f'quote it: "{value}"' if value else "write a name before the colon"
    return Problem(code="SF107", message=message, mark=mark, path=path, help=remedy)


def _odd_number(value: str, mark: Mark, path: DocPath) -> Problem:
    return Problem(
        code="SF104",
        message=f"{show(value)[1:-1]} is an ambiguous number",
        mark=mark,
        path=path,
        allowed="plain decimals such as 12, 0.5 or 1e3",
        help=f"write {meant(value) or 'a plain decimal'}, or quote it if it is text",
    )
