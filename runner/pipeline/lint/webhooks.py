"""Callbacks that nobody makes: a webhook where the vendor has none, a mode where it takes none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.records.source import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from runner.records.pipeline import Job, Leaf
    from runner.records.provider import Provider
    from runner.records.request import Request


def of_webhooks(
    requests: tuple[Request, ...], jobs: Mapping[str, Job], providers: Mapping[str, Provider]
) -> Iterator[tuple[str, str, Problem]]:
    """Yield (job, subject, problem); what several jobs share is idle only where none of them has any use of it."""
    written = [
        (request, key, leaf) for request in requests for key, leaf in (jobs[request.group].webhook or {}).items()
    ]
    idle = [(request, key, leaf, _why(key, providers.get(request.model.provider))) for request, key, leaf in written]
    useful = {leaf.path for _, _, leaf, why in idle if why is None}
    for request, key, leaf, why in idle:
        if why and leaf.path not in useful:
            yield request.job, key, _problem(leaf, why)


def _why(key: str, provider: Provider | None) -> str | None:
    """Return why a setting has no effect at this provider, empty where its webhook says it already; else None."""
    if provider is None:
        return None
    rules = provider.webhook
    if rules is None:
        return f"this webhook has no effect: {provider.title} calls nobody back" if key == "url" else ""
    forms = (*rules.headers.values(), *rules.body.values())
    if key == "mode" and not any("{mode}" in form for form in forms):
        return f"this mode has no effect: {provider.title} takes none"
    return None


def _problem(leaf: Leaf, why: str) -> Problem:
    remedy = "take it out; results are asked for all the same"
    return Problem(code="SF614", message=why, mark=leaf.mark, path=leaf.path, help=remedy, severity="warning")
