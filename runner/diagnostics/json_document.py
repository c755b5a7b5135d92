"""JSON text → data, and beside it where each value and each key is: problems with what people write have a line and a column."""

from __future__ import annotations

import json
import math
import re
from bisect import bisect_right
from dataclasses import field
from typing import TYPE_CHECKING, Final

from runner.diagnostics.messages import show
from runner.frozen import dataclass
from runner.records.source import DocPath, Json, Mark, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_DEPTH: Final = 64
MAX_DIGITS: Final = 400
BLANK: Final = re.compile(r"[ \t\n\r]*")
STRING: Final = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"')
NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
WORD: Final = re.compile(r"[^\s,:\[\]{}\"']+")
SURROGATE: Final = re.compile("[\ud800-\udfff]")
LITERALS: Final = {"true": True, "false": False, "null": None}
MEANT: Final = {"True": "true", "False": "false", "None": "null", "yes": "true", "no": "false"}


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonDocument:
    """A JSON file as read; `data` is None and `problems` say why when it is not JSON. Shipped files have no marks."""

    file: str
    """The file as the user would type it."""
    data: Json
    marks: Mapping[DocPath, Mark] = field(default_factory=dict)
    key_marks: Mapping[DocPath, Mark] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def mark(self, path: DocPath) -> Mark:
        """Return where the value at `path` is, else the nearest value around it."""
        while path and path not in self.marks:
            path = path[:-1]
        return self.marks.get(path, Mark(file=self.file, line=1, column=1))

    def key_mark(self, path: DocPath) -> Mark:
        """Return where the key at `path` is, else the nearest key around it, so that an absence has a place too."""
        while path and path not in self.key_marks:
            path = path[:-1]
        return self.key_marks.get(path) or self.mark(path)


def parse_json(text: str, file: str) -> JsonDocument:
    """Read one JSON value; never raises, whatever `text` contains."""
    reader = _Reader(text.removeprefix("\ufeff"), file)
    try:
        data = reader.document()
    except _StopError as stop:
        return JsonDocument(file=file, data=None, problems=(*reader.problems, stop.problem))
    return JsonDocument(
        file=file, data=data, marks=reader.marks, key_marks=reader.key_marks, problems=tuple(reader.problems)
    )


class _StopError(Exception):
    """Reading cannot go on; carries the one problem that says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class _Reader:
    """Reads one text from its start to its end."""

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self.at = 0
        self.lines = [0, *(match.end() for match in re.finditer("\n", text))]
        self.marks: dict[DocPath, Mark] = {}
        self.key_marks: dict[DocPath, Mark] = {}
        self.problems: list[Problem] = []

    def document(self) -> Json:
        self._skip()
        if not self.text[self.at :]:
            raise self._stop("the file is empty", "write one JSON object")
        data = self._value((), 0)
        self._skip()
        if self.at < len(self.text):
            raise self._stop(f"expected the end of the file, found {self._found()}", "keep one JSON object")
        return data

    def _value(self, path: DocPath, depth: int) -> Json:
        self._skip()
        start = self.at
        if depth > MAX_DEPTH:
            raise self._stop(f"values nest deeper than {MAX_DEPTH} levels", "flatten this value")
        value: Json
        match self.text[start : start + 1]:
            case "{":
                value = self._object(path, depth)
            case "[":
                value = self._array(path, depth)
            case '"':
                value = self._string()
            case _:
                value = self._word()
        self.marks[path] = self._mark(start, self.at)
        return value

    def _object(self, path: DocPath, depth: int) -> dict[str, Json]:
        data: dict[str, Json] = {}
        opened = self.at
        self.at += 1
        while not self._closes("}", opened, is_first=not data):
            start = self.at
            if self.text[start] != '"':
                name = WORD.match(self.text, start)
                remedy = f'write "{name[0]}"' if name else None
                raise self._stop(f"expected a key in double quotes, found {self._found()}", remedy)
            key = self._string()
            here, mark = (*path, key), self._mark(start, self.at)
            if key in data:
                message = f"duplicate key {key} (first defined on line {self.key_marks[here].line})"
                self.problems.append(
                    Problem(code="SF301", message=message, mark=mark, path=here, help="keep one of them")
                )
            else:
                self.key_marks[here] = mark
            self._skip()
            if self.text[self.at : self.at + 1] != ":":
                raise self._stop(f"expected a colon after {show(key)}, found {self._found()}", "write a colon")
            self.at += 1
            data[key] = self._value(here, depth + 1)
        return data

    def _array(self, path: DocPath, depth: int) -> list[Json]:
        items: list[Json] = []
        opened = self.at
        self.at += 1
        while not self._closes("]", opened, is_first=not items):
            items.append(self._value((*path, len(items)), depth + 1))
        return items

    def _closes(self, sign: str, opened: int, *, is_first: bool) -> bool:
        """Move past a comma or the closing sign; tell whether another item follows."""
        self._skip()
        found = self.text[self.at : self.at + 1]
        if found == sign:
            self.at += 1
            return True
        if not is_first and found == ",":
            comma = self.at
            self.at += 1
            self._skip()
            if self.text[self.at : self.at + 1] == sign:
                self.at = comma
                raise self._stop(f"a comma before {sign} is not JSON", "remove the comma")
        elif not is_first and found:
            raise self._stop(
                f"expected a comma or {sign}, found {self._found()}", "write a comma after the value before"
            )
        if self.at >= len(self.text):
            raise self._stop(
                f"the file ends before {sign} closes what line {self._mark(opened).line} opens", f"add {sign}"
            )
        return False

    def _string(self) -> str:
        found = STRING.match(self.text, self.at)
        if found is None:
            remedy = "close it with a double quote on the same line; write \\n for a new line and \\\\ for a backslash"
            raise self._stop("this text has no end, or an escape that JSON does not have", remedy)
        value = str(json.loads(found[0]))
        if SURROGATE.search(value):
            raise self._stop("this text contains half a character (a lone surrogate)", "remove the escape")
        self.at = found.end()
        return value

    def _word(self) -> Json:
        number = NUMBER.match(self.text, self.at)
        word = WORD.match(self.text, self.at)
        if number and word and number.end() == word.end():
            value: Json = self._number(number)
        elif word and word[0] in LITERALS:
            value = LITERALS[word[0]]
        else:
            written = word[0] if word else ""
            remedy = f"write {MEANT[written]}" if written in MEANT else f'write "{written}"' if written else None
            raise self._stop(f"expected a value, found {self._found()}", remedy)
        self.at = word.end()
        return value

    def _number(self, found: re.Match[str]) -> int | float:
        is_whole = found[1] is None and found[2] is None
        value = math.inf if len(found[0]) > MAX_DIGITS else int(found[0]) if is_whole else float(found[0])
        if not math.isfinite(value):
            raise self._stop("this number is too large", "write a smaller number")
        return value

    def _skip(self) -> None:
        found = BLANK.match(self.text, self.at)
        self.at = found.end() if found else self.at
        if self.text.startswith(("//", "/*", "#"), self.at):
            raise self._stop("JSON has no comments", "remove the comment; remarks go into `notes`")

    def _found(self) -> str:
        """Name what is at the present place, in short."""
        if self.at >= len(self.text):
            return "the end of the file"
        word = WORD.match(self.text, self.at) or STRING.match(self.text, self.at)
        return show(json.loads(word[0])) if word and word[0][0] == '"' else word[0][:40] if word else self.text[self.at]

    def _mark(self, start: int, end: int = 0) -> Mark:
        line = bisect_right(self.lines, start)
        first = self.lines[line - 1]
        is_one_line = end > start and "\n" not in self.text[start:end]
        return Mark(
            file=self.file,
            line=line,
            column=start - first + 1,
            end_column=end - first + 1 if is_one_line else None,
        )

    def _stop(self, message: str, remedy: str | None) -> _StopError:
        remedy = remedy or ("write double quotes" if self.text.startswith("'", self.at) else "write JSON here")
        mark = self._mark(min(self.at, max(len(self.text) - 1, 0)))
        return _StopError(Problem(code="SF301", message=message, mark=mark, help=remedy))
