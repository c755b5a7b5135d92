"""What a request asks for of the music itself: its length, tempo and key."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, assert_never

from runner.records.expectations import Measure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.records.catalog import Model
    from runner.records.source import Json

KEYS: Final = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
"""The names of the twelve notes, with a sharp for each black key."""
_KEY: Final = re.compile(r"(?P<note>[A-Ga-g])(?P<sign>[#♯b♭]?)\s*(?P<mode>major|minor|maj|min|m|)", re.IGNORECASE)
_SIGNS: Final = {"#": 1, "♯": 1, "b": -1, "♭": -1}


def musical_key(written: str) -> str | None:
    """Return a musical key as `D# minor`; None for what is none."""
    found = _KEY.fullmatch(" ".join(written.split()))
    if found is None:
        return None
    place = KEYS.index(found["note"].upper()) + _SIGNS.get(found["sign"].lower(), 0)
    is_minor = found["mode"] == "m" or found["mode"].lower() in ("min", "minor")
    return f"{KEYS[place % 12]} {'minor' if is_minor else 'major'}"


def asked_for(measure: Measure, model: Model, params: Mapping[str, Json]) -> float | None:
    """Return what a request asks for of a measure; None where it leaves it to the model."""
    match measure:
        case Measure.DURATION:
            return model.seconds(params)
        case Measure.BPM:
            value = params.get("bpm")
            return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
        case Measure.LUFS | Measure.LOUDNESS_RANGE | Measure.PEAK | Measure.HEAD_SILENCE | Measure.TAIL_SILENCE:
            return None
    assert_never(measure)


def asked_key(params: Mapping[str, Json]) -> str | None:
    """Return the key that a request asks for, as `D minor`; None where it asks for none."""
    written = params.get("key")
    return musical_key(written) if isinstance(written, str) else None
