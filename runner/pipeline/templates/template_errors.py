"""Problems of templates, and their places in the source."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from runner.diagnostics.messages import listing, nearest
from runner.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.records.source import Json

DELIMITED = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
TOKEN = re.compile(r"\"[^\"]*\"|'[^']*'|\w+|\S")
OPENING = re.compile(r"\{[{%#]")


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateProblem:
    """One thing wrong with a template, at `source[start:end]`."""

    code: str
    message: str
    start: int = 0
    end: int | None = None
    allowed: str | None = None
    help: str | None = None


class TemplateProblemsError(Exception):
    """A template that cannot be used, with every problem found."""

    def __init__(self, *problems: TemplateProblem) -> None:
        super().__init__(problems[0].message if problems else "")
        self.problems = problems


class AlreadyReportedError(Exception):
    """A broken value was used; its problem is already reported at its own place."""


class View(Mapping[str, "Json"]):
    """A mapping with its own title and its own message for a missing key."""

    title = ""
    remedy = "remove it, or write what is there"

    def problem_of(self, name: str) -> TemplateProblem:
        """Return the problem of looking up the missing `name`."""
        known = list(self)
        return TemplateProblem(
            code="SF216",
            message=f"{self.title} has no {name}",
            allowed=listing(known) or None,
            help=nearest(name, known) or self.remedy,
        )


def unknown_name(source: str, name: str, offered: Iterable[str]) -> TemplateProblem:
    """Return the problem of a template that uses an undefined name."""
    start, end = locate(source, name, attribute=False)
    names = list(offered)
    return TemplateProblem(
        code="SF216",
        message=f"{name} is not defined",
        start=start,
        end=end,
        allowed=listing(names),
        help=nearest(name, names) or f"give it a value under vars: {name}: …",
    )


def locate(source: str, name: str, *, attribute: bool) -> tuple[int, int | None]:
    """Find where a template first uses `name`, as a name or after a dot or bracket."""
    for region in DELIMITED.finditer(source):
        before = ""
        for token in TOKEN.finditer(source, region.start() + 2, region.end() - 2):
            word = token[0].strip("\"'")
            is_attribute = before in (".", "[")
            if word == name and is_attribute == attribute and (attribute or token[0] == name):
                return token.start(), token.end()
            before = token[0]
    found = OPENING.search(source)
    return (found.start() if found else 0), None


def first_region(source: str) -> tuple[int, int | None]:
    """Return where the first expression or statement starts and ends."""
    found = DELIMITED.search(source)
    return (found.start(), found.end()) if found else (0, None)


def opening_after(source: str, line: int) -> tuple[int, int | None]:
    """Return where the first `{{` or `{%` from `line` (counted from 1) on is, or the first of all."""
    start = sum(len(text) + 1 for text in source.split("\n")[: line - 1])
    found = OPENING.search(source, start) or OPENING.search(source)
    return found.span() if found else (0, None)
