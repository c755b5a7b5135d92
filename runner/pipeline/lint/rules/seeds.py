"""A seed that has no effect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from runner.pipeline.lint.context import once_a_place, warn, warn_left_out

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.pipeline.lint.context import LintContext, Warned
    from runner.records.request import Request
    from runner.records.source import DocPath, Problem

CODES: Final = ("SF601",)
SEED: Final = "seed"


def check(context: LintContext) -> Iterator[Problem]:
    """Yield default seeds of models without one, and seeds that do not make a model repeat itself."""
    return once_a_place(warned for request in context.requests for warned in _of_request(request))


def _of_request(request: Request) -> Iterator[Warned]:
    for item in request.left_out:
        if item.param == SEED and request.model.seed is None:
            message = "this seed has no effect where a model takes none"
            remedy = "give the seed to the jobs with a model that takes one"
            yield warn_left_out(request, "SF601", message, remedy, item=item)
    seed = request.model.seed
    if seed is None or request.seed_mode != "fixed":
        return
    value = request.params.get(seed.param)
    origin = request.origins.get(seed.param)
    if not isinstance(value, int) or origin is None:
        return
    path: DocPath = ("jobs", request.group, "params", seed.param)
    if seed.reproduces == "no":
        message = f"{request.model.id} makes something else each time, whatever the seed"
        remedy = "remove it, and keep the takes that are good"
        yield warn(request, "SF601", message, remedy, mark=origin.mark, path=path)
    elif value < seed.minimum:  # `maximum` is as far as `auto` draws; what a model takes, its schema says
        message = f"the seed {value} fixes nothing: {request.model.id} draws one of its own"
        remedy = f"write seed: random to draw one that the lock keeps, or one from {seed.minimum} to {seed.maximum}"
        yield warn(request, "SF601", message, remedy, mark=origin.mark, path=path)
