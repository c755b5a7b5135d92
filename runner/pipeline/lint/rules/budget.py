"""A budget that cannot be enforced because a price is unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from runner.pipeline.lint.context import once_a_place, warn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.pipeline.lint.context import LintContext, Warned
    from runner.records.request import Request
    from runner.records.source import Problem

CODES: Final = ("SF611",)


def check(context: LintContext) -> Iterator[Problem]:
    """Yield each model whose price or worst price is unknown under a budget."""
    return once_a_place(warned for request in context.requests for warned in _of_request(request, context))


def _of_request(request: Request, context: LintContext) -> Iterator[Warned]:
    budget = context.pipeline.budget_usd
    price = request.price
    is_open = price.per == "minute" and request.model.duration_param not in request.params and price.max_minutes is None
    if budget is None or (price.usd is not None and not is_open):
        return
    if price.usd is None:
        unknown, fill = "its price is unknown", "per_request: 0.01"
    else:
        unknown = "it has no maximum length, so its worst-case price is unknown"
        fill = f"per_minute: {price.usd}, max_minutes: 5"
    message = f"cannot enforce the budget of ${budget} on {request.model.id}: {unknown}; run will refuse"
    remedy = f"write it: prices: {{{request.model.id}: {{{fill}}}}}"
    mark = context.pipeline.marks.get(("budget",), request.mark)
    yield warn(request, "SF611", message, remedy, mark=mark, path=("budget",))
