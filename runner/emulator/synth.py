"""Make the placeholder audio for a request."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from runner.audio.sketch.brief import Brief
from runner.audio.tasks import SketchOrder, sketch
from runner.catalog.media_types import media_types_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from runner.records.catalog import Model
    from runner.records.source import Json

SEEDS = 1 << 31
LONGEST_S = 600.0
"""No placeholder is longer, whatever is asked for: it has to be made while its rehearsal waits."""
TAGS = {"comment": "rehearsal placeholder"}


def scores(model: Model, params: Mapping[str, Json]) -> tuple[SketchOrder, ...]:
    """Return one order for each take that `params` request; in a batch, each take's seed is one higher.

    Reads tempo, key, time signature and bit rate from the parameters `bpm`, `key`, `time_signature` and
    `output_bit_rate`. Without a seed, derives one from the request's digest.
    """
    seed = _seed(model, params)
    return tuple(
        SketchOrder(
            brief=Brief(
                prompt=_prompt(params),
                duration_s=min(model.seconds(params) or model.typical_s, LONGEST_S),
                bpm=_positive(params.get("bpm")),
                key=_chosen(params.get("key")),
                time_signature=_chosen(params.get("time_signature")),
                seed=(seed + take) % SEEDS,
                instrumental=not params.get("lyrics") or params.get("instrumental") is True,
            ),
            media_type=media_types_of(model, params)[0],
            bit_rate_kbps=int(params["output_bit_rate"]) if "output_bit_rate" in params else None,
            tags=TAGS,
        )
        for take in range(model.asked_takes(params))
    )


def write(order: SketchOrder, path: Path) -> None:
    """Make a sketch and write it to `path` as a finished file of its media type."""
    path.write_bytes(sketch(order))


def _prompt(params: Mapping[str, Json]) -> str:
    return " ".join([*map(str, params.get("tags", ())), str(params.get("prompt", ""))]).strip()


def _seed(model: Model, params: Mapping[str, Json]) -> int:
    asked = params.get(model.seed.param) if model.seed else None
    if isinstance(asked, int | float) and asked >= 0:
        return int(asked) % SEEDS
    text = json.dumps([model.id, params], sort_keys=True)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4]) % SEEDS


def _positive(value: Json) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and value > 0 else None


def _chosen(value: Json) -> str | None:
    return value if isinstance(value, str) and value not in ("", "auto") else None
