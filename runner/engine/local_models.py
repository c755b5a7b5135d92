"""Models that run on this machine: what a request for one of them orders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runner.audio.local.orders import Concat, Import, Mix, Source, Stinger
from runner.audio.sketch.brief import TAGS, Brief
from runner.audio.tasks import SketchOrder
from runner.catalog.media_types import media_types_of
from runner.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from runner.audio.local.orders import LocalOrder
    from runner.records.request import Input, Request


def sketch_order(request: Request, take: int) -> SketchOrder:
    """Return the order for one take of a request; `take` counts from 0.

    Raises UsageError for a model without code in this program.
    """
    model, params = request.model, request.params
    if model.id != "local/sketch":
        raise _unknown(request)
    brief = Brief(
        prompt=params["prompt"],
        duration_s=float(params.get("duration", model.params["duration"].default)),
        bpm=params.get("bpm"),
        key=params.get("key"),
        time_signature=params.get("time_signature"),
        seed=int(params.get("seed") or 0) + take,
    )
    return SketchOrder(brief=brief, media_type=media_types_of(model, params)[0], tags=TAGS)


def local_order(request: Request) -> LocalOrder:
    """Return the order for a request that is made of inputs. Raises UsageError for a model without code in this program."""

    def value(name: str) -> Any:
        return request.params.get(name, request.model.params[name].default)

    match request.model.id:
        case "local/concat":
            return Concat(crossfade_s=float(value("crossfade")), kind=value("output_format"))
        case "local/mix":
            return Mix(kind=value("output_format"))
        case "local/stinger":
            bar_s = int(value("time_signature").partition("/")[0]) * 60 / float(value("bpm"))
            return Stinger(
                start_s=float(value("offset")) + (int(value("start_bar")) - 1) * bar_s,
                length_s=int(value("bars")) * bar_s,
                fade_in_s=float(value("fade_in")),
                fade_out_s=float(value("fade_out")),
                kind=value("output_format"),
            )
        case "local/import":
            return Import()
        case _:
            raise _unknown(request)


def sources_of(request: Request, parts: Sequence[Path]) -> tuple[Source, ...]:
    """Return the inputs of a request, whose bytes are in these files."""
    return tuple(
        Source(
            name=_said(item),
            data=part,
            gain_db=float(item.settings.get("gain_db", 0)),
            offset_s=float(item.settings.get("offset", 0)),
        )
        for item, part in zip(request.inputs, parts, strict=True)
    )


def _said(item: Input) -> str:
    return f"{item.name} ({item.mark.file}:{item.mark.line})" if item.is_file and item.mark else item.name


def _unknown(request: Request) -> UsageError:
    return UsageError(
        f"{request.model.id} does not run on this machine", help="scorefile models lists those of provider `local`"
    )
