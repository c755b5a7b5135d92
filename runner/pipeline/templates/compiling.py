"""A text with templates, compiled: here where it only names values, else by Jinja, which is imported then."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from runner.pipeline.templates.template import Template
from runner.pipeline.templates.values import HIDDEN_NAMES, RefusedError, as_text, computed, limited

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.records.source import Json

NAME: Final = re.compile(r"\{\{ *([A-Za-z]\w*(?:\.[A-Za-z]\w*)*) *\}\}", re.ASCII)
KEYWORDS: Final = HIDDEN_NAMES | {
    "true",
    "false",
    "none",
    "True",
    "False",
    "None",
    "and",
    "or",
    "not",
    "in",
    "is",
    "if",
}
NOT_ONLY_NAMES: Final = KEYWORDS | {"else", "range", "loop"}
_FAILURES: Final = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError, RefusedError)
"""What looking a key up, or writing what was found, may raise: Jinja then says what is wrong."""


@lru_cache(maxsize=4096)
def compile_template(source: str) -> Template:
    """Parse, check and compile; raises TemplateProblemsError with every construct that is not allowed."""
    return of_names(source) or _of_jinja(source)


def of_names(source: str) -> Template | None:
    """Return a text whose templates are all `{{ name }}` or `{{ name.key }}`: to compile it would cost fifty times as much.

    What needs more than to look keys up, such as to say that one is missing, is left to Jinja.
    """
    pieces = NAME.split(source)
    texts, ways = pieces[::2], [written.split(".") for written in pieces[1::2]]
    rest = "\0".join(texts)
    names = tuple(dict.fromkeys([way[0] for way in ways]))
    if "{{" in rest or "{%" in rest or "{#" in rest or not NOT_ONLY_NAMES.isdisjoint(names):
        return None
    whole = len(ways) == 1 and not "".join(texts).strip()

    def render(values: Mapping[str, Json]) -> Json:
        try:
            if whole:
                return computed(_at_end(ways[0], values))
            filled = [*pieces]
            filled[1::2] = [as_text(_at_end(way, values)) for way in ways]
            return limited(filled)
        except _FAILURES:
            return _of_jinja(source).render(values)

    return Template(source=source, names=names, required=frozenset(names), render=render)


def _at_end(way: list[str], values: Json) -> Json:
    """Return the value at the end of a way of keys; raises KeyError or TypeError where it does not go on."""
    for key in way:
        values = values[key]
    return values


@lru_cache(maxsize=4096)
def _of_jinja(source: str) -> Template:
    from runner.pipeline.templates.jinja import of_jinja

    return of_jinja(source)
