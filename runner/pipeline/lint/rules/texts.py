"""Texts: invisible characters, and lengths near a model's limit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from runner.frozen import replace
from runner.pipeline.lint.context import once_a_place, warn_in_text
from runner.pipeline.yaml.characters import INVISIBLE
from runner.records.pipeline import TEXT_PARAMS
from runner.records.source import Mark, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.pipeline.lint.context import LintContext, Warned
    from runner.pipeline.yaml.document import Document
    from runner.records.request import Request

CODES: Final = ("SF606", "SF612")
NEAR: Final = 0.95
REMEDY: Final = "remove it: a person does not see it, and a model does"


def check(context: LintContext) -> Iterator[Problem]:
    """Yield texts that are nearly too long, and invisible characters in the file, in text files and in variables."""
    yield from _of_source(context.document)
    yield from once_a_place(warned for request in context.requests for warned in _of_request(request, context.document))


def _of_source(document: Document) -> Iterator[Problem]:
    """Yield a problem for each line of the file that contains an invisible character."""
    last, line = -1, 1
    for match in INVISIBLE.finditer("" if document.source.isascii() else document.source):
        start = document.source.rfind("\n", 0, match.start()) + 1
        if start != last:
            line += document.source.count("\n", max(last, 0), start)
            last, column = start, match.start() - start + 1
            mark = Mark(file=document.file, line=line, column=column, end_column=column + 1)
            message = f"this line contains the invisible character U+{ord(match[0]):04X}"
            yield Problem(code="SF612", message=message, mark=mark, help=REMEDY, severity="warning")


def _of_request(request: Request, document: Document) -> Iterator[Warned]:
    for name in TEXT_PARAMS:
        value = request.params.get(name)
        if not isinstance(value, str):
            continue
        limit = request.model.params[name].max_length if name in request.model.params else None
        if limit is not None and len(value) >= NEAR * limit:
            message = f"{name} has {len(value):,} of {limit:,} characters that {request.model.id} takes"
            remedy = "shorten it before a variable grows past the limit"
            yield replace(warn_in_text(request, name, "SF606", message, remedy), subject=request.model.id)
        if value.isascii():
            continue
        found = INVISIBLE.search(value)
        if found is not None and found[0] not in document.source:
            message = f"{name} contains the invisible character U+{ord(found[0]):04X}"
            yield warn_in_text(request, name, "SF612", message, REMEDY, span=found.span())
