"""Models that run on this machine: what a request for one of them orders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.audio.sketch.brief import TAGS, Brief
from runner.audio.tasks import SketchOrder
from runner.catalog.media_types import media_types_of
from runner.errors import UsageError

if TYPE_CHECKING:
    from runner.records.request import Request


def order_of(request: Request, take: int) -> SketchOrder:
    """Return the order for one take of a request; `take` counts from 0.

    Raises UsageError for a model without code in this program.
    """
    model, params = request.model, request.params
    if model.id != "local/sketch":
        raise UsageError(
            f"{model.id} does not run on this machine", help="use local/sketch, the one model of provider `local`"
        )
    brief = Brief(
        prompt=params["prompt"],
        duration_s=float(params.get("duration", model.params["duration"].default)),
        bpm=params.get("bpm"),
        key=params.get("key"),
        time_signature=params.get("time_signature"),
        seed=int(params.get("seed") or 0) + take,
    )
    return SketchOrder(brief=brief, media_type=media_types_of(model, params)[0], tags=TAGS)
