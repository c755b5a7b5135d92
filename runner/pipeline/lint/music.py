"""What a prompt or lyrics say against the parameters beside them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from runner.pipeline.lint.places import warning
from runner.pipeline.messages import listing, show

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.records.request import Request
    from runner.records.source import Problem

BPM: Final = re.compile(
    r"\b(\d{2,3}(?:\.\d+)?)(?:\s*(?:-|–|to)\s*(\d{2,3}))?[\s-]*(?:bpm|beats\s*(?:per|a|/)\s*min(?:ute)?)\b"
    r"|\b(?:bpm|tempo)\s*(?:[:=]|of|is|at)?\s*(\d{2,3}(?:\.\d+)?)\b",
    re.IGNORECASE,
)
KEY: Final = re.compile(
    r"(?P<said>(?:\b(?:in|key|of|to)[\s:]+))?(?<![\w#])(?P<note>[A-Ga-g])(?:(?P<sign>[#♯b♭])|[ -](?P<word>[Ss]harp|[Ff]lat))?"
    r"[ -]?(?P<mode>(?i:major|minor|maj|min))\b"
)
SHORT_KEY: Final = re.compile(r"(?P<note>[A-G])(?P<sign>[#♯b♭]?)(?P<mode>m?)")
NOTES: Final = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
SIGNS: Final = {"#": 1, "♯": 1, "sharp": 1, "b": -1, "♭": -1, "flat": -1}
SAY_ONCE: Final = "say it once: take it out of the prompt"
SUNG: Final = re.compile(
    r"\[\s*(?:verse|chorus|pre-?chorus|post-?chorus|bridge|hook|refrain|rap|vocals?)\b[^\]\n]*\]", re.IGNORECASE
)


def of_music(request: Request) -> Iterator[tuple[str, str, Problem]]:
    """Yield (job, subject, problem) for tempo, key and structure tags that contradict a parameter."""
    prompt = request.params.get("prompt")
    if isinstance(prompt, str):
        if "bpm" in request.params:
            yield from _tempo(request, prompt, request.params["bpm"])
        if "key" in request.params:
            yield from _key(request, prompt, request.params["key"])
    lyrics = request.params.get("lyrics")
    if request.params.get("instrumental") is True and isinstance(lyrics, str):
        yield from _sung(request, lyrics)


def _tempo(request: Request, prompt: str, bpm: object) -> Iterator[tuple[str, str, Problem]]:
    if not isinstance(bpm, int | float):
        return
    said = list(BPM.finditer(prompt))
    ranges = [(float(match[1] or match[3]), float(match[2] or match[1] or match[3])) for match in said]
    if ranges and not any(low <= bpm <= high for low, high in ranges):
        message = f"the prompt says {' '.join(said[0][0].split())}, and bpm is {show(bpm)}"
        yield (
            request.job,
            "",
            warning(request, "prompt", "SF602", message, SAY_ONCE, start=said[0].start(), end=said[0].end()),
        )


def _key(request: Request, prompt: str, key: object) -> Iterator[tuple[str, str, Problem]]:
    wanted = _pitch(SHORT_KEY.fullmatch(key) or KEY.fullmatch(key)) if isinstance(key, str) else None
    said = [match for match in KEY.finditer(prompt) if _is_key(match)]
    if wanted is not None and said and wanted not in [_pitch(match) for match in said]:
        name = said[0][0].removeprefix(said[0]["said"] or "")
        message = f"the prompt says {name}, and key is {key}"
        yield (
            request.job,
            "",
            warning(request, "prompt", "SF603", message, SAY_ONCE, start=said[0].start(), end=said[0].end()),
        )


def _is_key(match: re.Match[str]) -> bool:
    """Tell a key from words that look like one: "A minor setback", "in a minor mood"."""
    is_article = match["note"] in "Aa" and not match["sign"]
    if match["note"].islower():
        return bool(match["said"]) and not is_article
    return bool(match["said"]) or not is_article


def _pitch(match: re.Match[str] | None) -> tuple[int, bool] | None:
    """Return a key as (semitones above C, is it minor), so that C# and Db are one."""
    if match is None:
        return None
    groups = match.groupdict()
    sign = (groups.get("sign") or groups.get("word") or "").lower()
    mode = groups["mode"]
    is_minor = mode == "m" or mode.lower().startswith("min")
    return (NOTES[groups["note"].upper()] + SIGNS.get(sign, 0)) % 12, is_minor


def _sung(request: Request, lyrics: str) -> Iterator[tuple[str, str, Problem]]:
    first = SUNG.search(lyrics)
    tags = list(dict.fromkeys(tag.lower() for tag in SUNG.findall(lyrics)))
    if first is not None:
        message = f"the lyrics have {listing(tags[:3])}, and instrumental is true: nothing is sung"
        remedy = "take the lyrics out, or instrumental: true"
        yield (
            request.job,
            "",
            warning(request, "lyrics", "SF605", message, remedy, start=first.start(), end=first.end()),
        )
