"""A musical key in the prompt that contradicts the parameter."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from runner.pipeline.lint.context import is_surely_without, once_a_place, warn_in_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.pipeline.lint.context import LintContext, Warned
    from runner.records.request import Request
    from runner.records.source import Problem

CODES: Final = ("SF603",)
KEY: Final = re.compile(
    r"(?P<before>(?:\b(?:in|key|of|to)[\s:]+))?(?<![\w#])(?P<note>[A-Ga-g])(?:(?P<sign>[#♯b♭])|[ -](?P<word>[Ss]harp|[Ff]lat))?"
    r"[ -]?(?P<mode>(?i:major|minor|maj|min))\b"
)
MODES: Final = ("maj", "min")
"""What every key has: most prompts have none, and are not looked through for one."""
SHORT_KEY: Final = re.compile(r"(?P<note>[A-G])(?P<sign>[#♯b♭]?)(?P<mode>m?)")
NOTES: Final = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
SIGNS: Final = {"#": 1, "♯": 1, "sharp": 1, "b": -1, "♭": -1, "flat": -1}


def check(context: LintContext) -> Iterator[Problem]:
    """Yield prompts with another key than the parameter."""
    return once_a_place(warned for request in context.requests for warned in _of_request(request))


def _of_request(request: Request) -> Iterator[Warned]:
    prompt, key = request.params.get("prompt"), request.params.get("key")
    if not isinstance(prompt, str) or not isinstance(key, str) or is_surely_without(prompt, *MODES):
        return
    wanted = _pitch(SHORT_KEY.fullmatch(key) or KEY.fullmatch(key))
    named = [match for match in KEY.finditer(prompt) if _is_key(match)]
    if wanted is not None and named and wanted not in [_pitch(match) for match in named]:
        name = named[0][0].removeprefix(named[0]["before"] or "")
        message = f"the prompt says {name}, and key is {key}"
        yield warn_in_text(request, "prompt", "SF603", message, "remove the key from the prompt", span=named[0].span())


def _is_key(match: re.Match[str]) -> bool:
    """Tell whether a match is a key, and not words that look like one: "A minor setback", "in a minor mood"."""
    is_article = match["note"] in "Aa" and not match["sign"]
    if match["note"].islower():
        return bool(match["before"]) and not is_article
    return bool(match["before"]) or not is_article


def _pitch(match: re.Match[str] | None) -> tuple[int, bool] | None:
    """Return a key as (semitones above C, is it minor), so that C# and Db are one."""
    if match is None:
        return None
    groups = match.groupdict()
    sign = (groups.get("sign") or groups.get("word") or "").lower()
    mode = groups["mode"]
    is_minor = mode == "m" or mode.lower().startswith("min")
    return (NOTES[groups["note"].upper()] + SIGNS.get(sign, 0)) % 12, is_minor
