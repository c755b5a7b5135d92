"""Texts: characters nobody sees, and lengths near a model's limit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from runner.records import Mark, Problem
from runner.spec.characters import INVISIBLE
from runner.spec.lint.places import warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.records import Request
    from runner.spec.document import Document

NEAR: Final = 0.95
TEXTS: Final = ("prompt", "lyrics", "negative_prompt")
REMEDY: Final = "remove it: a person does not see it, and a model does"


def of_source(document: Document) -> Iterator[Problem]:
    """Yield a problem for each line of the file that holds an invisible character."""
    last = -1
    for match in INVISIBLE.finditer(document.source):
        start = document.source.rfind("\n", 0, match.start()) + 1
        if start != last:
            last = start
            line, column = document.source.count("\n", 0, start) + 1, match.start() - start + 1
            mark = Mark(file=document.file, line=line, column=column, end_column=column + 1)
            message = f"the invisible character U+{ord(match[0]):04X} stands here"
            yield Problem(code="SF612", message=message, mark=mark, help=REMEDY, severity="warning")


def of_texts(request: Request, document: Document) -> Iterator[tuple[str, str, Problem]]:
    """Yield (job, subject, problem) for texts nearly too long, and for invisible characters that came in from outside."""
    for name in TEXTS:
        value = request.params.get(name)
        if not isinstance(value, str):
            continue
        limit = request.card.params[name].max_length if name in request.card.params else None
        if limit is not None and len(value) >= NEAR * limit:
            message = f"{name} has {len(value):,} of {limit:,} characters that {request.card.id} takes"
            remedy = "shorten it before a variable grows past the limit"
            yield request.job, request.card.id, warning(request, name, "SF606", message, remedy)
        if value.isascii():
            continue
        found = INVISIBLE.search(value)
        if found is not None and found[0] not in document.source:
            message = f"{name} holds the invisible character U+{ord(found[0]):04X}"
            yield (
                request.job,
                name,
                warning(request, name, "SF612", message, REMEDY, start=found.start(), end=found.end()),
            )
