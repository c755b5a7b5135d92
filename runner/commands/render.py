"""`render`: the requests exactly as the next run would send them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.frozen import replace
from runner.records.pipeline import Layer, Origin
from runner.report.render import RenderReport

if TYPE_CHECKING:
    from runner.commands.session import Session
    from runner.records.plan import Action
    from runner.records.request import Request


def render(session: Session, *, origins: bool) -> RenderReport:
    """Return the requests of the chosen jobs, with the seeds that the lock has pinned.

    `origins` says where each value comes from, and what was left out.
    """
    return RenderReport(requests=tuple(map(_sent, session.plan.actions)), origins=origins)


def _sent(action: Action) -> Request:
    """Return a request whose seed, where nobody wrote one, says that it comes from the lock."""
    request, seed = action.request, action.request.model.seed
    kept = action.entry.request if action.entry else action.submission.params if action.submission else {}
    if seed is None or request.seed_mode not in ("auto", "random") or seed.param not in kept:
        return request
    if request.params.get(seed.param) != kept[seed.param]:
        return request
    return replace(request, origins={**request.origins, seed.param: Origin(layer=Layer.LOCK)})
