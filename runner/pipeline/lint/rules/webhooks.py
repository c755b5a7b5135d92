"""A webhook, or its mode, that has no effect at the provider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from runner.pipeline.lint.context import Warned, once_a_place
from runner.records.source import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.pipeline.lint.context import LintContext
    from runner.records.pipeline import Leaf
    from runner.records.provider import Provider

CODES: Final = ("SF614",)


def check(context: LintContext) -> Iterator[Problem]:
    """Yield settings without effect; a shared setting only when it has no effect in any of its jobs."""
    written = [(request, key, leaf) for request, job in context.jobs() for key, leaf in (job.webhook or {}).items()]
    why = [_why(key, context.providers.get(request.model.provider)) for request, key, _ in written]
    useful = {leaf.path for (_, _, leaf), reason in zip(written, why, strict=True) if reason is None}
    return once_a_place(
        Warned(request=request, problem=_problem(leaf, reason), subject=key)
        for (request, key, leaf), reason in zip(written, why, strict=True)
        if reason and leaf.path not in useful
    )


def _why(key: str, provider: Provider | None) -> str | None:
    """Return why a setting has no effect at this provider, empty when its webhook is already reported; else None."""
    if provider is None:
        return None
    rules = provider.webhook
    if rules is None:
        return f"this webhook has no effect: {provider.title} calls no webhooks" if key == "url" else ""
    forms = (*rules.headers.values(), *rules.body.values())
    if key == "mode" and not any("{mode}" in form for form in forms):
        return f"this mode has no effect: {provider.title} takes none"
    return None


def _problem(leaf: Leaf, why: str) -> Problem:
    remedy = "remove it; results are polled for in any case"
    return Problem(code="SF614", message=why, mark=leaf.mark, path=leaf.path, help=remedy, severity="warning")
