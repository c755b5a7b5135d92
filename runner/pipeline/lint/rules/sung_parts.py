"""Lyrics with sung parts for an instrumental."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from runner.diagnostics.messages import listing
from runner.pipeline.lint.context import once_a_place, warn_in_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.pipeline.lint.context import LintContext, Warned
    from runner.records.request import Request
    from runner.records.source import Problem

CODES: Final = ("SF605",)
SUNG: Final = re.compile(
    r"\[\s*(?:verse|chorus|pre-?chorus|post-?chorus|bridge|hook|refrain|rap|vocals?)\b[^\]\n]*\]", re.IGNORECASE
)


def check(context: LintContext) -> Iterator[Problem]:
    """Yield lyrics with tags of sung parts beside `instrumental: true`."""
    return once_a_place(warned for request in context.requests for warned in _of_request(request))


def _of_request(request: Request) -> Iterator[Warned]:
    lyrics = request.params.get("lyrics")
    if request.params.get("instrumental") is not True or not isinstance(lyrics, str):
        return
    first = SUNG.search(lyrics)
    tags = list(dict.fromkeys(tag.lower() for tag in SUNG.findall(lyrics)))
    if first is not None:
        message = f"the lyrics have {listing(tags[:3])}, but instrumental is true: nothing is sung"
        remedy = "remove the lyrics, or instrumental: true"
        yield warn_in_text(request, "lyrics", "SF605", message, remedy, span=first.span())
