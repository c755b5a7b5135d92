"""Explain what the YAML reader could not read, at the place of the mistake.

The reader stops where it cannot go on, which is often a line after the mistake. Each rule here looks at its words and at
the lines around; the first that knows the mistake speaks.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from runner.frozen import dataclass
from runner.pipeline.yaml.characters import INVISIBLE, KEY_WITH_WIDE_COLON
from runner.records.source import Mark, Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    import yaml

UNQUOTED_TEMPLATE: Final = re.compile(r"(?:[:\[,]|^\s*-)\s+(\{[{%].*?)\s*(?:\s#.*)?$")
NO_SPACE: Final = re.compile(r"^\s*(?:- +)?([A-Za-z][\w-]*)(:)(?![\s/])(\S.*)$")
NO_COLON: Final = re.compile(r"^\s*(?:- +)?([A-Za-z][\w-]*)(?: +(\S[^:]*?))?\s*$")
TEXT_WITH_COLON: Final = re.compile(r"^\s*(?:- +)?[^\s:#\"'\[{][^:#]*:\s+((?![\"'\[{|>])\S.*?:(?:\s.*)?)$")
BLOCK_HEADER: Final = re.compile(r"^\s*(?:- +)*(\S[^#\"']*?):\s+[|>][-+0-9]*\s*(?:#.*)?$")
PLAIN_TEXT: Final = re.compile(r"^\s*(?:- +)*([A-Za-z][\w-]*):\s+(?![\"'\[{|>&*!#])\S")
KEY: Final = re.compile(r"^\s*(?:- +)*[\"']?[\w-]+[\"']?:(?:\s|$)")
IN_BRACES: Final = re.compile(r"(?:\{\{.*?\}\}|\{%.*?%\}|[^,\]}])*")
INDENT: Final = re.compile(r"[ \t]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Where and why the reader stopped. Lines and columns count from 0; `begun` is where the unfinished part starts."""

    explanation: str
    lines: tuple[str, ...]
    line: int
    column: int
    doing: str
    begun: tuple[int, int]

    @property
    def text(self) -> str:
        return self.lines[self.line] if self.line < len(self.lines) else ""

    def above(self, line: int | None = None) -> int:
        """Return the last line before `line`, or before this one, that is neither blank nor a comment; the line itself if it is first."""
        below = self.line if line is None else line
        for number in range(min(below, len(self.lines)) - 1, -1, -1):
            if self.lines[number].strip() and not self.lines[number].lstrip().startswith("#"):
                return number
        return below

    def around(self) -> tuple[int, ...]:
        """Return the lines in which the mistake may be: where the reader began, stopped, and what it had passed."""
        lines = dict.fromkeys((self.begun[0], self.line, self.above()))
        return tuple(line for line in lines if line < len(self.lines))


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One mistake: a message, its remedy, and its place from `start` to `end` in a line, counted from 0."""

    message: str
    help: str
    line: int
    start: int
    end: int | None = None


def syntax_problem(error: yaml.MarkedYAMLError, source: str, file: str) -> Problem:
    """Return what is wrong with a text that is not YAML."""
    at = error.problem_mark or error.context_mark
    begun = error.context_mark or at
    stop = Stop(
        explanation=str(error.problem or error.context or "it cannot be read"),
        lines=tuple(source.split("\n")),
        line=at.line if at else 0,
        column=at.column if at else 0,
        doing=str(error.context or ""),
        begun=(begun.line, begun.column) if begun else (0, 0),
    )
    explanation = next(filter(None, (rule(stop) for rule in RULES)), None)
    if explanation is None:
        mark = Mark(file=file, line=stop.line + 1, column=stop.column + 1)
        return Problem(code="SF101", message=f"not YAML: {stop.explanation}", mark=mark)
    end = None if explanation.end is None else explanation.end + 1
    mark = Mark(file=file, line=explanation.line + 1, column=explanation.start + 1, end_column=end)
    return Problem(code="SF101", message=explanation.message, mark=mark, help=explanation.help)


def _tab(stop: Stop) -> Explanation | None:
    indent = INDENT.match(stop.text)
    if indent is None or "\t" not in indent[0] or stop.column > indent.end():
        return None
    first, last = indent[0].index("\t"), indent[0].rindex("\t") + 1
    remedy = "indent with spaces: YAML takes no tabs there"
    return Explanation(message="a tab indents this line", help=remedy, line=stop.line, start=first, end=last)


def _character(stop: Stop) -> Explanation | None:
    """Find an invisible character, or one that only looks like a colon."""
    for number in stop.around():
        text = stop.lines[number]
        unseen, wide = INVISIBLE.search(text), KEY_WITH_WIDE_COLON.match(text)
        if unseen:
            message = f"this line contains the invisible character U+{ord(unseen[0]):04X}"
            return Explanation(message=message, help="remove it", line=number, start=unseen.start(), end=unseen.end())
        if wide:
            message = f"{wide[2]} (U+{ord(wide[2]):04X}) is not a colon to YAML"
            remedy = f"write {wide[1]}: {wide[3]}".rstrip()
            return Explanation(message=message, help=remedy, line=number, start=wide.start(2), end=wide.end(2))
    return None


def _template(stop: Stop) -> Explanation | None:
    for number in dict.fromkeys((stop.line, stop.above())):
        found = UNQUOTED_TEMPLATE.search(stop.lines[number]) if number < len(stop.lines) else None
        if found:
            written = _value_of(found[1])
            message, remedy = unquoted_template(written)
            start = found.start(1)
            return Explanation(message=message, help=remedy, line=number, start=start, end=start + len(written))
    return None


def _value_of(rest: str) -> str:
    """Cut a value out of the rest of its line: it ends before a bracket that closes without being opened."""
    within = any(rest.count(closing) > rest.count(opening) for opening, closing in ("{}", "[]"))
    found = IN_BRACES.match(rest) if within else None
    return found[0].rstrip() if found else rest


def _block_text(stop: Stop) -> Explanation | None:
    """Detect a text after | or > that is not indented: lines between the sign and the stop are not keys."""
    for last in stop.around():
        number, header = last, stop.above(last)
        while header < number and not KEY.match(stop.lines[header]):
            number, header = header, stop.above(header)
        found = BLOCK_HEADER.match(stop.lines[header])
        column = _indent(stop.lines[number])
        if found and header != number and stop.lines[number].strip() and column <= _indent(stop.lines[header]):
            message = f"the text of {found[1]} starts here and is not indented"
            remedy = f"indent every line of it by more than {found[1]}, or quote it in one line"
            return Explanation(message=message, help=remedy, line=number, start=column)
    return None


def _continued(stop: Stop) -> Explanation | None:
    """Detect a text that continues in a line below its key and has a colon there."""
    if not stop.explanation.startswith("mapping values"):
        return None
    owner = stop.above()
    while owner and _indent(stop.lines[owner]) >= _indent(stop.text):
        owner = stop.above(owner)
    between = [text for text in stop.lines[owner + 1 : stop.line] if text.strip()]
    found = PLAIN_TEXT.match(stop.lines[owner])
    if not found or any(KEY.match(text) for text in between) or (KEY.match(stop.text) and not between):
        return None
    message = f"the text of {found[1]} goes on here, and has a colon and a space in it"
    remedy = f"quote all of it, or write {found[1]}: > and the text in indented lines below"
    return Explanation(message=message, help=remedy, line=stop.line, start=stop.column, end=stop.column + 1)


def unquoted_template(written: str) -> tuple[str, str]:
    """Return the message for a template without quotes, and the remedy."""
    quote = "'" if '"' in written else '"'
    return "a value that starts with a template needs quotes", f"write {quote}{written}{quote}"


def _colon_in_text(stop: Stop) -> Explanation | None:
    found = TEXT_WITH_COLON.search(stop.text) if stop.explanation.startswith("mapping values") else None
    if found is None or stop.column <= found.start(1):
        return None
    message = "a text with a colon and a space in it needs quotes"
    written = found[1].replace('"', '\\"')
    return Explanation(
        message=message, help=f'write "{written}"', line=stop.line, start=found.start(1), end=found.end(1)
    )


def _key_above(stop: Stop) -> Explanation | None:
    """Find a key above that lacks its colon, or the space after it."""
    if not stop.explanation.startswith(("mapping values", "could not find expected ':'")):
        return None
    number = stop.begun[0] if stop.doing else stop.above()
    text = stop.lines[number]
    no_space = NO_SPACE.match(text)
    if no_space:
        name, rest = no_space[1], no_space[3]
        message = f"{name} lacks a space after its colon"
        return Explanation(
            message=message, help=f"write {name}: {rest}", line=number, start=no_space.start(1), end=no_space.end(2)
        )
    no_colon = NO_COLON.match(text)
    if no_colon and number != stop.line:
        name, rest = no_colon[1], no_colon[2]
        remedy = f"write {name}: {rest}" if rest else f"write {name}:"
        return Explanation(
            message=f"{name} lacks a colon", help=remedy, line=number, start=no_colon.start(1), end=no_colon.end(1)
        )
    return None


def _deeper(stop: Stop) -> Explanation | None:
    """Detect a line that is indented more than its sibling keys."""
    if not stop.explanation.startswith("mapping values"):
        return None
    return _out_of_line(stop) if _indent(stop.text) > _indent(stop.lines[stop.above()]) else None


def _bracket(stop: Stop) -> Explanation | None:
    closing = re.match(r"did not find expected ',' or '([\]}])'", stop.explanation)
    if closing is None:
        return None
    line, column = stop.begun
    if line == stop.line:
        message = f"a comma or {closing[1]} is missing before this"
        return Explanation(message=message, help="separate entries with commas", line=line, start=stop.column)
    opening = stop.lines[line][column]
    remedy = f"write {closing[1]} after its last entry, or the comma that is missing"
    return Explanation(message=f"this {opening} is never closed", help=remedy, line=line, start=column, end=column + 1)


def _quote(stop: Stop) -> Explanation | None:
    if not stop.doing.endswith("a quoted scalar"):
        return None
    line, column = stop.begun
    if stop.explanation == "found unknown escape character":
        found = stop.text[stop.column : stop.column + 2]
        remedy = r"write \\ for a backslash, or put the text in single quotes"
        return Explanation(
            message=f"{found} is not an escape in double quotes",
            help=remedy,
            line=stop.line,
            start=stop.column,
            end=stop.column + 2,
        )
    return _never_closed(line, column)


def _never_closed(line: int, column: int) -> Explanation:
    remedy = "close it at the end of the text"
    return Explanation(message="this quote is never closed", help=remedy, line=line, start=column, end=column + 1)


def _first_character(stop: Stop) -> Explanation | None:
    starts = ("found character that cannot start", "did not find expected alphabetic", "block sequence entries")
    if not stop.explanation.startswith(starts):
        return None
    column = stop.begun[1] if stop.doing else stop.column
    character = stop.text[column : column + 1]
    if not character:
        return None
    message = f"a text cannot start with {character}"
    remedy = (
        "put the text in quotes"
        if character != "-"
        else "put the text in quotes, or start the list in a line of its own"
    )
    return Explanation(message=message, help=remedy, line=stop.line, start=column, end=column + 1)


def _after_value(stop: Stop) -> Explanation | None:
    if stop.explanation != "did not find expected key" or not stop.text[: stop.column].strip():
        return None
    before = stop.text[: stop.column].rstrip()
    if before[-1:] in ("'", '"') and before.count(before[-1]) % 2:
        opened = next((n for n in range(stop.line - 1, -1, -1) if stop.lines[n].count(before[-1]) % 2), None)
        if opened is not None:
            return _never_closed(opened, stop.lines[opened].rindex(before[-1]))
    remedy = "put quotes around all of the value, and double a quote inside: 'it''s'"
    return Explanation(message="this is after the end of the value", help=remedy, line=stop.line, start=stop.column)


def _indentation(stop: Stop) -> Explanation | None:
    if stop.explanation not in ("did not find expected key", "did not find expected '-' indicator"):
        return None
    return _out_of_line(stop) if _indent(stop.text) != _indent(stop.lines[stop.above()]) else None


def _out_of_line(stop: Stop) -> Explanation:
    own, above = _indent(stop.text), _indent(stop.lines[stop.above()])
    message = f"this line starts after {_spaces(own)}, and lines up with nothing above it"
    return Explanation(message=message, help=f"the line above starts after {_spaces(above)}", line=stop.line, start=own)


def _spaces(number: int) -> str:
    return {0: "no space", 1: "1 space"}.get(number, f"{number} spaces")


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip(" "))


def _block(stop: Stop) -> Explanation | None:
    if stop.doing != "while scanning a block scalar":
        return None
    sign = stop.text[stop.begun[1] : stop.begun[1] + 1]
    message = f"the text of {sign} starts in the next line"
    return Explanation(
        message=message, help=f"break the line after {sign}, or use quotes", line=stop.line, start=stop.column
    )


RULES: Final[tuple[Callable[[Stop], Explanation | None], ...]] = (
    _tab,
    _character,
    _block_text,
    _template,
    _colon_in_text,
    _continued,
    _key_above,
    _deeper,
    _bracket,
    _quote,
    _block,
    _first_character,
    _after_value,
    _indentation,
)
