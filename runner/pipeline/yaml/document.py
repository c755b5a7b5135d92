"""YAML text → plain data, and beside it the place of each value and each key.

Built from the parser's events, not from its nodes: the depth is known before anything is built, an alias is
replayed at its own path, and YAML 1.1's surprises (`on`, `1:30`, `012`) never happen.
"""

from __future__ import annotations

import json
from dataclasses import field
from typing import TYPE_CHECKING

from runner.diagnostics.secrets import key_problems
from runner.frozen import dataclass
from runner.pipeline.yaml.builder import Builder
from runner.pipeline.yaml.conflicts import conflict_markers
from runner.pipeline.yaml.events import StopReadingError, clean
from runner.records.source import DocPath, Json, Mark, Places, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.records.pipeline import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A parsed file. `data` is None when nothing could be read; `problems` says why.

    `source` is the text itself, without a byte order mark and with LF at the ends of its lines.
    """

    file: str
    data: Json
    source: str = ""
    places: Places = field(default_factory=Places)
    texts: Mapping[DocPath, Text] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    included: tuple[Document, ...] = ()
    """The files whose vars, defaults and profiles are in `data`, with places of their own."""

    @property
    def marks(self) -> Mapping[DocPath, Mark]:
        """The place of each value."""
        return self.places.marks

    @property
    def key_marks(self) -> Mapping[DocPath, Mark]:
        """The place of each key."""
        return self.places.key_marks

    def mark(self, path: DocPath) -> Mark:
        """Return the place of a value, or of the nearest thing around it."""
        return self.places.nearest(path) or Mark(file=self.file, line=1, column=1)


def parse(text: str, file: str) -> Document:
    """Read one YAML document whose root is a mapping; never raises, whatever `text` contains."""
    try:
        source = clean(text, file)
    except StopReadingError as stop:
        return Document(file=file, data=None, problems=(stop.problem,))
    keys = key_problems(source, file)
    if conflicts := conflict_markers(source, file):
        return Document(file=file, data=None, source=source, problems=(*conflicts, *keys))
    try:
        builder = Builder(file, source)
        data, _ = builder.build(builder.root, (), 0)
    except StopReadingError as stop:
        return Document(file=file, data=None, source=source, problems=(stop.problem, *keys))
    problems = [*keys, *builder.problems]
    if not isinstance(data, dict):
        mark = builder.marks[()]
        problems.append(
            Problem(
                code="SF108", message="the file is not a mapping of keys", mark=mark, help="start with `version: 1`"
            )
        )
        data = None
    return Document(
        file=file,
        data=data,
        source=source,
        places=Places(marks=builder.marks, key_marks=builder.key_marks),
        texts=builder.texts,
        problems=tuple(problems),
    )


def same_data(one: Document, other: Document, *, in_order: bool = True) -> bool:
    """Tell whether two documents have no problems and the same data; `1`, `1.0` and true differ."""
    if one.problems or other.problems:
        return False
    return json.dumps(one.data, sort_keys=not in_order) == json.dumps(other.data, sort_keys=not in_order)
