"""YAML text → the same tokens, with the space between them rewritten: two spaces per level, one after `:` and `-`.

Flow collections keep their shape and move with the line that they begin in. Further lines of a text are aligned with its
first or indented one step. Comments move with the keys and items below them.
"""

from __future__ import annotations

import re
from typing import Any, Final, TypeAlias

import yaml
from yaml.tokens import (
    AliasToken,
    BlockEndToken,
    BlockEntryToken,
    BlockMappingStartToken,
    BlockSequenceStartToken,
    DirectiveToken,
    DocumentEndToken,
    DocumentStartToken,
    FlowEntryToken,
    FlowMappingEndToken,
    FlowMappingStartToken,
    FlowSequenceEndToken,
    FlowSequenceStartToken,
    KeyToken,
    ScalarToken,
    StreamEndToken,
    StreamStartToken,
    ValueToken,
)

from runner.frozen import dataclass, replace
from runner.pipeline.yaml.events import LOADER

WORD = re.compile(r"[A-Za-z_/][A-Za-z0-9_./@-]*")
YAML_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
"""Read as null or a boolean: the first three by Scorefile, the others by readers of YAML 1.1."""
Token: TypeAlias = Any
"""One of yaml.tokens; their stubs leave the marks untyped."""

STEP: Final = 2
OPENERS = (FlowMappingStartToken, FlowSequenceStartToken)
CLOSERS = (FlowMappingEndToken, FlowSequenceEndToken)
AT_MARGIN = (DirectiveToken, DocumentStartToken, DocumentEndToken)
BLOCK_HEADER = re.compile(r"[|>](?P<before>[+-]?)(?P<digit>[1-9]?)(?P<after>[+-]?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """An open block collection: the column its keys or dashes had, and the one they get."""

    old: int
    new: int
    is_list: bool = False
    is_loose: bool = False
    """A list whose dashes are below the key itself: YAML's scanner does not report where it starts and ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Flow:
    """An open bracket: its old column, how far it moved, and how far its line moved."""

    old: int
    moved: int
    line_moved: int
    hangs_at: int | None = None
    """The column of its end when it is the last of its line: its content is then indented one step further."""

    def shift(self, column: int) -> int:
        """Return how far a line inside moves: with the bracket when it is aligned to what follows that."""
        return self.moved if column > self.old else self.line_moved


def lay_out(source: str) -> tuple[str, tuple[str, ...]]:
    """Return `source`, which must be readable YAML with LF, in its uniform layout, and its comments in their order."""
    printer = _Printer(source)
    for token in yaml.scan(source, Loader=LOADER):
        printer.take(token)
    return printer.finish(), tuple(printer.comments)


class _Printer:
    """Write token after token. One instance serves one text."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.lines: list[str] = [""]
        """What is written so far; the last one is still open."""
        self.comments: list[str] = []
        self.blocks: list[_Block] = []
        self.flows: list[_Flow] = []
        self.seen: tuple[_Block, ...] = ()
        """The blocks that were open when the last token was written."""
        self.last: Token = None
        self.end = 0
        """Where the last token ends in the source."""
        self.moved = 0
        """How far the current line moved."""
        self.is_fresh = True
        """Whether the source continues at the start of a line."""
        self.is_key = False
        """Whether the next token is the first of a key."""
        self.ends_open = False
        """Whether the last block scalar ends the source without a line end: one more would belong to its value."""
        self.keeps_end = False
        """Whether the last block scalar keeps all line ends after it."""

    def take(self, token: Token) -> None:
        """Follow the structure, and write the token if it is one that shows."""
        match token:
            case StreamStartToken() | StreamEndToken():
                return
            case BlockMappingStartToken() | BlockSequenceStartToken():
                self._open(token, is_list=isinstance(token, BlockSequenceStartToken))
            case BlockEndToken():
                self._close_loose()
                self.blocks.pop()
            case KeyToken():
                if not self.flows:
                    self._close_loose()
                self.is_key = True
                if token.end_mark.index > token.start_mark.index:
                    self._write(token)
            case _:
                if isinstance(token, BlockEntryToken) and not self.flows and not self.blocks[-1].is_list:
                    self._open(token, is_list=True, is_loose=True)
                self._write(token)

    def _open(self, token: Token, *, is_list: bool, is_loose: bool = False) -> None:
        new = STEP * len(self.blocks)
        self.blocks.append(_Block(old=token.start_mark.column, new=new, is_list=is_list, is_loose=is_loose))

    def _close_loose(self) -> None:
        if self.blocks and self.blocks[-1].is_loose:
            self.blocks.pop()

    def _write(self, token: Token) -> None:
        start, column = token.start_mark.index, token.start_mark.column
        gap = self.source[self.end : start]
        if self.is_fresh or "\n" in gap:
            if isinstance(self.last, OPENERS):
                self._hang()
            indent = self._indent(token)
            self._write_gap(gap.rpartition("\n")[0] if "\n" in gap else None, (column, indent))
            self.lines[-1] = " " * indent
            self.moved = indent - column
        else:
            self.lines[-1] += _space(self.last, token)
        moved = len(self.lines[-1]) - column
        if isinstance(token, OPENERS):
            self.flows.append(_Flow(old=column, moved=moved, line_moved=self.moved))
        elif isinstance(token, CLOSERS):
            self.flows.pop()
        self.end, self.last, self.is_key, self.is_fresh = token.end_mark.index, token, False, False
        raw = self.source[start : self.end]
        if isinstance(token, ScalarToken) and token.style in ("|", ">"):
            self._write_block(raw)
        elif "\n" in raw:
            self._write_lines(raw.split("\n"), _Flow(old=column - 1, moved=moved, line_moved=self.moved))
        elif isinstance(token, ScalarToken) and token.style:
            self.lines[-1] += _requote(raw, token.value)
        else:
            self.lines[-1] += raw
        self.seen = tuple(self.blocks)

    def _indent(self, token: Token) -> int:
        """Return the column of a token that starts a line."""
        if isinstance(token, AT_MARGIN):
            return 0
        base = self.blocks[-1].new if self.blocks else 0
        if self.flows:
            column: int = token.start_mark.column
            hangs_at = self.flows[-1].hangs_at
            if hangs_at is not None:
                return hangs_at if isinstance(token, CLOSERS) else hangs_at + STEP
            floor = base if isinstance(token, CLOSERS) or not self.blocks else base + STEP
            return max(floor, column + self.flows[-1].shift(column))
        is_own = self.is_key or isinstance(token, BlockEntryToken | ValueToken)
        return base if is_own or not self.blocks else base + STEP

    def _hang(self) -> None:
        """Note that the bracket just written is the last of its line."""
        outer = next((flow.hangs_at + STEP for flow in self.flows[-2::-1] if flow.hangs_at is not None), None)
        block = self.blocks[-1] if self.blocks else None
        own = block.new + STEP * block.is_list if block else 0
        self.flows[-1] = replace(self.flows[-1], hangs_at=own if outer is None else outer)

    def _write_gap(self, gap: str | None, follows: tuple[int, int] | None) -> None:
        """Write the comments and empty lines between two tokens, and open the next line."""
        if gap is None:
            return
        pieces = gap.split("\n")
        if not self.is_fresh:
            self._end_line(pieces.pop(0))
        for piece in pieces:
            comment = piece.strip()
            if comment:
                self.comments.append(comment)
                column = len(piece) - len(piece.lstrip())
                self.lines[-1] = " " * self._comment_column(column, follows) + comment
            self.lines.append("")

    def _end_line(self, rest: str) -> None:
        """Write the comment at the end of a line in its column, or after the text when that is longer."""
        comment = rest.strip()
        if comment:
            self.comments.append(comment)
            line_start = self.source.rfind("\n", 0, self.end) + 1
            column = self.end - line_start + rest.index("#") + self.moved
            self.lines[-1] += " " * max(1, column - len(self.lines[-1])) + comment
        self.lines.append("")

    def _comment_column(self, column: int, follows: tuple[int, int] | None) -> int:
        """Return the column of a comment on a line of its own: that of what follows, or of the nearest open block."""
        if self.flows and self.flows[-1].hangs_at is not None:
            return self.flows[-1].hangs_at + STEP
        if self.flows:
            return max(0, column + self.flows[-1].shift(column))
        places = [follows] if follows else []
        places += [(block.old, block.new) for block in (*reversed(self.blocks), *reversed(self.seen))]
        return min(places, key=lambda place: abs(place[0] - column))[1] if places else 0

    def _write_lines(self, lines: list[str], shape: _Flow) -> None:
        """Write a text of several lines: a line that was aligned with the first stays so, any other is indented one step.

        YAML ignores the blanks at the start of such lines.
        """
        self.lines[-1] += lines[0]
        floor = self.blocks[-1].new + STEP if self.blocks else 0
        quote = lines[0][:1] in ("'", '"')
        below = range(shape.old + 1, shape.old + 2 + quote)
        for line in lines[1:]:
            text = line.lstrip(" \t")
            column = len(line) - len(text)
            is_below = column in below or not self.blocks
            indent = max(floor, column + shape.shift(column)) if is_below else floor
            self.moved = indent - column
            self.lines.append(" " * indent + text if text else "")

    def _write_block(self, raw: str) -> None:
        """Write a block scalar: its header as it is, its lines two columns in unless the header says how many."""
        header, *lines = raw.split("\n")
        found = BLOCK_HEADER.match(header)
        digit, chomp = (found["digit"], found["before"] + found["after"]) if found else ("", "")
        block = self.blocks[-1]
        first = next((line for line in lines if line.strip(" ")), None)
        old = block.old + int(digit) if digit else len(raw) if first is None else len(first) - len(first.lstrip(" "))
        new = block.new + (int(digit) if digit else STEP)
        ends_open = bool(lines) and (lines[-1].strip(" ") != "" or len(lines[-1]) > old)
        if lines and not lines[-1]:
            lines.pop()
        while chomp != "+" and lines and len(lines[-1]) <= old and not lines[-1].strip(" "):
            self.end -= len(lines.pop()) + 1
        self.lines[-1] += header.rstrip()
        self.lines += [" " * new + line[old:] if len(line) > old else "" for line in lines]
        self.ends_open = ends_open and chomp != "-"
        self.keeps_end = chomp == "+"
        self.lines.append("")
        self.is_fresh = True

    def finish(self) -> str:
        """Write what follows the last token, and return the whole text."""
        rest = self.source[self.end :]
        if rest.strip() or not self.is_fresh:
            self._write_gap(rest, None)
        elif self.keeps_end or self.ends_open:
            return "\n".join(self.lines).removesuffix("\n" if self.ends_open else "")
        return "\n".join(self.lines).strip("\n") + "\n"


def _space(last: Token, token: Token) -> str:
    """Return what is between two tokens of one line."""
    if isinstance(last, OPENERS):
        return ""
    if isinstance(token, (*CLOSERS, FlowEntryToken)):
        return " " if isinstance(last, ValueToken) else ""
    if isinstance(token, ValueToken):
        return " " if isinstance(last, AliasToken | KeyToken) else ""
    return " "


def _requote(raw: str, value: str) -> str:
    """Return a quoted scalar of one line as it should be written: a word without quotes, other text in double quotes.

    Texts of several words keep their quotes: prose is one comma or colon away from needing them. Single quotes stay
    where double ones would need a backslash.
    """
    if WORD.fullmatch(value) and value.casefold() not in YAML_WORDS:
        return value
    if raw.startswith("'") and '"' not in value and "\\" not in value:
        return f'"{value}"'
    return raw
