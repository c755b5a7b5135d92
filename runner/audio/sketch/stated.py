"""What a prompt states outright: tempo, key and metre. The models that it stands in for hear them too."""

from __future__ import annotations

import re

from runner.audio.sketch.theory import Key, parse_key

_TEMPO = re.compile(
    r"\b(\d{2,3}(?:\.\d+)?)(?:\s*(?:-|–|to)\s*\d{2,3})?[\s-]*(?:bpm|beats\s*(?:per|a|/)\s*min(?:ute)?)\b"
    r"|\b(?:bpm|tempo)\s*(?:[:=]|of|is|at)?\s*(\d{2,3}(?:\.\d+)?)\b",
    re.IGNORECASE,
)
_KEY = re.compile(
    r"(?P<before>\b(?:in|key|of|to)[\s:]+)?(?<![\w#])"
    r"(?P<key>(?P<note>[A-Ga-g])(?P<sign>[#♯b♭]|[ -](?:[Ss]harp|[Ff]lat))?[ -]?"
    r"(?i:major|minor|maj|min|dorian|phrygian|lydian|mixolydian))\b"
)
_METER = re.compile(r"(?<![\d/])(\d{1,2}/(?:2|4|8|16))(?![\d/])")


def stated_bpm(prompt: str) -> float | None:
    """Return the first tempo in a prompt, the lower end of a range; None when it states none."""
    found = _TEMPO.search(prompt)
    return float(found[1] or found[2]) if found else None


def stated_key(prompt: str) -> Key | None:
    """Return the first key in a prompt; None for words that only look like one, as in "a minor setback"."""
    for found in _KEY.finditer(prompt):
        is_article = found["note"] in "Aa" and not found["sign"]
        is_key = found["before"] and not (is_article and found["note"] == "a")
        if is_key or (found["note"].isupper() and not is_article):
            return parse_key(found["key"])
    return None


def stated_meter(prompt: str) -> str | None:
    """Return the first time signature in a prompt, as `6/8`."""
    found = _METER.search(prompt)
    return found[1] if found else None
