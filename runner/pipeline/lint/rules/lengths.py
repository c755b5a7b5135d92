"""A length that has no effect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from runner.pipeline.lint.context import once_a_place, warn_left_out

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.pipeline.lint.context import LintContext
    from runner.records.source import Problem

CODES: Final = ("SF604",)
LENGTHS: Final = ("duration", "duration_s", "length", "seconds")


def check(context: LintContext) -> Iterator[Problem]:
    """Yield default lengths of models that choose their own."""
    return once_a_place(
        warn_left_out(
            request,
            "SF604",
            f"this {item.param} has no effect where a model chooses its own length",
            "describe the length in the prompt, or choose a model that takes one",
            item=item,
        )
        for request in context.requests
        for item in request.left_out
        if item.param in LENGTHS and request.model.duration_param is None and request.model.inputs_param is None
    )
