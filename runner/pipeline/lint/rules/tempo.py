"""A tempo in the prompt that contradicts bpm."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from runner.diagnostics.messages import show
from runner.pipeline.lint.context import is_surely_without, once_a_place, warn_in_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.pipeline.lint.context import LintContext, Warned
    from runner.records.request import Request
    from runner.records.source import Problem

CODES: Final = ("SF602",)
BPM: Final = re.compile(
    r"\b(\d{2,3}(?:\.\d+)?)(?:\s*(?:-|–|to)\s*(\d{2,3}))?[\s-]*(?:bpm|beats\s*(?:per|a|/)\s*min(?:ute)?)\b"
    r"|\b(?:bpm|tempo)\s*(?:[:=]|of|is|at)?\s*(\d{2,3}(?:\.\d+)?)\b",
    re.IGNORECASE,
)

SIGNS: Final = ("bpm", "beats", "tempo")
"""What every tempo has: most prompts have none, and are not looked through for one."""


def check(context: LintContext) -> Iterator[Problem]:
    """Yield prompts with another tempo than bpm."""
    return once_a_place(warned for request in context.requests for warned in _of_request(request))


def _of_request(request: Request) -> Iterator[Warned]:
    prompt, bpm = request.params.get("prompt"), request.params.get("bpm")
    if not isinstance(prompt, str) or not isinstance(bpm, int | float) or is_surely_without(prompt, *SIGNS):
        return
    named = list(BPM.finditer(prompt))
    ranges = [(float(match[1] or match[3]), float(match[2] or match[1] or match[3])) for match in named]
    if ranges and not any(low <= bpm <= high for low, high in ranges):
        message = f"the prompt says {' '.join(named[0][0].split())}, and bpm is {show(bpm)}"
        yield warn_in_text(
            request, "prompt", "SF602", message, "remove the tempo from the prompt", span=named[0].span()
        )
