"""Texts: characters nobody sees, and lengths near a model's limit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from runner.pipeline.lint.places import warning
from runner.pipeline.yaml.characters import INVISIBLE
from runner.records.source import Mark, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.pipeline.yaml.document import Document
    from runner.records.request import Request

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
        limit = request.model.params[name].max_length if name in request.model.params else None
        if limit is not None and len(value) >= NEAR * limit:
            message = f"{name} has {len(value):,} of {limit:,} characters that {request.model.id} takes"
            remedy = "shorten it before a variable grows past the limit"
            yield request.job, request.model.id, warning(request, name, "SF606", message, remedy)
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
