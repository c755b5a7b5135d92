"""Read `expect` and `on_fail` of a job and of defaults: ranges become records, and what is no range is a Problem.

range = [number [unit]] "±" number [unit | "%"]  |  ("<" | "<=" | ">" | ">=") number [unit]
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal

from runner.records.expectations import AS_ASKED, Expectations, Flaw, Limit, Measure
from runner.records.music import musical_key
from runner.records.source import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.pipeline.shape.merge import Merged
    from runner.records.source import DocPath, Json

_NUMBER: Final = r"[+-]?\d{1,9}(?:\.\d{1,9})?"
_AROUND: Final = re.compile(
    rf"(?:(?P<target>{_NUMBER})\s*(?P<unit>[A-Za-z]*)\s*)?(?:±|\+/?-)\s*(?P<by>{_NUMBER})\s*(?P<of>%|[A-Za-z]*)"
)
_BOUND: Final = re.compile(rf"(?P<sign><=|>=|<|>)\s*(?P<number>{_NUMBER})\s*(?P<unit>[A-Za-z]*)")
_SAME: Final = str.maketrans({"−": "-", "≤": "<=", "≥": ">=", "–": "-"})
_UNITS: Final = {"s": {"s"}, "LUFS": {"lufs", "lu", "db"}, "LU": {"lu", "db"}, "dBTP": {"dbtp", "db"}, "bpm": {"bpm"}}
_EXAMPLES: Final[Mapping[Measure, str]] = {
    Measure.DURATION: "± 0.5 s, or 60 ± 0.5 s",
    Measure.LUFS: "-16 ± 1",
    Measure.LOUDNESS_RANGE: "< 8",
    Measure.PEAK: "< -1",
    Measure.HEAD_SILENCE: "< 0.2 s",
    Measure.TAIL_SILENCE: "< 0.2 s",
    Measure.BPM: "± 3 %, or 96 ± 2",
}


def read_expectations(
    merged: Merged, path: DocPath, block: Mapping[str, Json], defaults: Expectations
) -> tuple[Expectations, list[Problem]]:
    """Return the expectations of a block laid over those of the defaults, where null removes one, and what is wrong."""
    limits = {limit.measure: limit for limit in defaults.limits}
    key, flaws, problems = defaults.key, defaults.flaws, list[Problem]()
    for name, written in block.items():
        if name == "not":
            flaws = tuple(Flaw(word) for word in written or ())
            continue
        wrong: str | None = None
        if name == "key":
            key = None if written is None else _key(written)
            wrong = f"{written!r} is not a musical key" if written is not None and key is None else None
        elif written is None:
            limits.pop(Measure(name), None)
        else:
            found = limit_of(Measure(name), written)
            if isinstance(found, Limit):
                limits[found.measure] = found
            else:
                wrong = found
        if wrong is not None:
            problems.append(_problem(merged, (*path, name), name, wrong))
    return Expectations(
        limits=tuple(limits[name] for name in Measure if name in limits), key=key, flaws=flaws
    ), problems


def _problem(merged: Merged, path: DocPath, name: str, wrong: str) -> Problem:
    allowed = f"{AS_ASKED}, or a key such as D minor" if name == "key" else _EXAMPLES[Measure(name)]
    return Problem(
        code="SF230",
        message=f"{name}: {wrong}",
        mark=merged.mark(path),
        path=path,
        allowed=allowed,
        help="`scorefile explain SF230` shows what a range may be",
    )


def range_for_number(path: DocPath, value: Json) -> str | None:
    """Return the remedy for a number where a range is expected; None anywhere else."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or len(path) < 2 or path[-2] != "expect" or path[-1] not in {*Measure}:
        return None
    return f"write a range, such as {path[-1]}: {_EXAMPLES[Measure(str(path[-1]))]}"


@lru_cache(maxsize=256)
def limit_of(measure: Measure, written: str) -> Limit | str:
    """Return a range, or what is wrong with the text of one."""
    text = " ".join(written.translate(_SAME).split())
    if around := _AROUND.fullmatch(text):
        return _around(measure, around)
    if bound := _BOUND.fullmatch(text):
        return _bound(measure, bound)
    return f"{written!r} is not a range"


def _around(measure: Measure, found: re.Match[str]) -> Limit | str:
    target, by, of = found["target"], Decimal(found["by"]), found["of"]
    if by <= 0:
        return f"a range of ± {by} holds nothing"
    if wrong := _wrong_unit(measure, found["unit"] or "") or (of != "%" and _wrong_unit(measure, of)):
        return wrong
    if target is None and not measure.is_asked:
        return f"no request asks for it, so a range needs a number before ±, as in {_EXAMPLES[measure]}"
    if of == "%" and not measure.is_asked:
        return "a range in percent is for duration and bpm"
    spread = f"± {by} {of if of == '%' else measure.unit}"
    if target is None:
        around: Literal["plus", "percent"] = "percent" if of == "%" else "plus"
        return Limit(measure=measure, text=spread, low=-float(by), high=float(by), around=around)
    middle = Decimal(target)
    part = abs(middle) * by / 100 if of == "%" else by
    text = f"{target} {spread}"
    return _possible(Limit(measure=measure, text=text, low=float(middle - part), high=float(middle + part)))


def _bound(measure: Measure, found: re.Match[str]) -> Limit | str:
    sign, number = found["sign"], float(found["number"])
    if wrong := _wrong_unit(measure, found["unit"]):
        return wrong
    text = f"{sign} {found['number']} {measure.unit}"
    low, high = (number, None) if sign[0] == ">" else (None, number)
    return _possible(Limit(measure=measure, text=text, low=low, high=high, is_strict=len(sign) == 1))


def _possible(limit: Limit) -> Limit | str:
    """Return a range that some value is in, or that there is none."""
    least, most = limit.measure.bounds
    low, high = limit.range(None)
    reaches = low < most and high > least if limit.is_strict else low <= most and high >= least
    return (
        limit
        if reaches
        else f"{limit.text} holds no value that it can have: {least:g} to {most:g} {limit.measure.unit}"
    )


def _wrong_unit(measure: Measure, unit: str) -> str | None:
    if unit and unit.lower() not in _UNITS[measure.unit]:
        return f"{unit} is not its unit, which is {measure.unit}"
    return None


def _key(written: str) -> str | None:
    """Return a musical key as `D minor`; None for what is none."""
    if written.strip().lower() == AS_ASKED:
        return AS_ASKED
    return musical_key(written)
