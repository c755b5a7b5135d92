"""Models that run on this machine: a request becomes encoded audio."""

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
    """Return one take, encoded. `take` counts from 0. The same request makes the same music on any machine; WAV
    output has the same bytes.

    Raises UsageError for a model without code in this program.
    """
    if model_id != "local/sketch":
        raise UsageError(
            f"{model_id} does not run on this machine", help="use local/sketch, the one model of provider `local`"
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
