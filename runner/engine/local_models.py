"""Models that run here: what a local provider makes of a request, and its bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.catalog.media_types import media_types_of
from runner.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.records.catalog import Model
    from runner.records.source import Json

_RATE_HZ = 48_000


def make(model_id: str, params: Mapping[str, Json], model: Model, take: int) -> bytes:
    """Return one take, encoded. `take` counts from 0; the same request brings the same music on any machine, as WAV
    to the byte.

    Raises UsageError for a model that has no code here.
    """
    if model_id != "local/sketch":
        raise UsageError(
            f"{model} does not run here", help="provider `local` has one model, local/sketch; others need an HTTP API"
        )
    from runner.audio.encode import encode
    from runner.audio.sketch.brief import Brief
    from runner.audio.sketch.composer import TAGS, compose

    seed = int(params.get("seed") or 0)
    brief = Brief(
        prompt=params["prompt"],
        duration_s=float(params.get("duration", model.params["duration"].default)),
        bpm=params.get("bpm"),
        key=params.get("key"),
        time_signature=params.get("time_signature"),
        seed=seed + take,
    )
    pcm = compose(brief, rate_hz=_RATE_HZ)
    return encode(pcm, _RATE_HZ, media_types_of(model, params)[0], tags=TAGS)
