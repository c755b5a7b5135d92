"""Read `master:` and `tags:` of one cell: texts become bounded numbers and words of closed sets."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from runner.diagnostics.messages import listing, nearest, show
from runner.frozen import replace
from runner.records import mastering as m
from runner.records.mastering import Finishing, Format, Mastering, Tag
from runner.records.source import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runner.pipeline.templates.bound import Bound
    from runner.pipeline.templates.render import Renderer
    from runner.pipeline.templates.scope import Scope
    from runner.records.pipeline import Leaf
    from runner.records.source import Json

_NUMBER: Final = re.compile(r"([+-]?\d+(?:\.\d+)?|[+-]?\.\d+)\s*([A-Za-z]*(?:/s)?)")
_SECONDS: Final = {"": 1.0, "s": 1.0, "ms": 0.001}
_LUFS: Final = {"": 1.0, "LUFS": 1.0}
_DBTP: Final = {"": 1.0, "dBTP": 1.0, "dB": 1.0}
_HERTZ: Final = {"": 1.0, "Hz": 1.0, "kHz": 1000.0}
_QUALITY: Final = {"": 1.0, "bit": 1.0, "kbps": 1.0, "kbit/s": 1.0}
_CHANNELS: Final[Mapping[Json, int]] = {1: 1, 2: 2, "1": 1, "2": 2, "mono": 1, "stereo": 2}


class _WrongError(Exception):
    """A setting has a value that is not allowed."""

    def __init__(self, allowed: str, help: str | None = None) -> None:
        super().__init__(allowed)
        self.allowed, self.help = allowed, help or f"write {allowed}"


@dataclass(slots=True, kw_only=True)
class _Read:
    """What has been read of one cell so far."""

    settings: dict[str, Any] = field(default_factory=dict)
    bounds: dict[str, Bound] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    broken: bool = False


def read_finishing(renderer: Renderer, scope: Scope) -> tuple[Finishing | None, list[Problem]]:
    """Return how the chosen take is finished, None where it is placed as it is, and every problem.

    `length: exact` is left to `exact`, which knows the request.
    """
    job = scope.cell.job
    tags, wrong = _tags(renderer, scope, job.tags if job.tags is not None else job.master is not None)
    if job.master is None:
        return (None if tags is None else Finishing(tags=tags)), wrong
    read = _Read(problems=wrong)
    for key, leaf in job.master.items():
        if leaf.value is not None:
            _setting(read, key, leaf, renderer, scope)
    if read.problems or read.broken:
        return None, read.problems
    if "loudness" in read.bounds:
        read.settings.setdefault("peak_dbtp", m.DEFAULT_PEAK_DBTP)
    mastering = Mastering(**read.settings)
    return Finishing(mastering=mastering, tags=tags), [_placed(wrong, read, scope) for wrong in _against(mastering)]


def exact(finishing: Finishing, asked_s: float | None, scope: Scope) -> tuple[Finishing, list[Problem]]:
    """Return the finishing with the length that the request asks for; a Problem where it asks for none."""
    mastering = finishing.mastering
    if mastering.exact_s is None:
        return finishing, []
    if asked_s is not None:
        return replace(finishing, mastering=replace(mastering, exact_s=asked_s)), []
    leaf = (scope.cell.job.master or {})["length"]
    return finishing, [
        Problem(
            code="SF228",
            message="length: exact needs a length, and this request asks for none",
            mark=leaf.mark or scope.cell.job.mark,
            path=leaf.path,
            help="write the model's parameter for the length, or leave out length",
        )
    ]


def _setting(read: _Read, key: str, leaf: Leaf, renderer: Renderer, scope: Scope) -> None:
    bound = renderer.evaluate(leaf, scope)
    if bound.broken:
        read.problems += bound.problems
        read.broken = True
        return
    if bound.value is None:
        return
    name, parse = _KEYS[key]
    try:
        value = parse(bound.value)
    except _WrongError as wrong:
        read.problems.append(
            Problem(
                code="SF227",
                message=f"{key} is {show(bound.value)}",
                mark=bound.mark or scope.cell.job.mark,
                path=leaf.path,
                allowed=wrong.allowed,
                help=wrong.help,
                origin=bound.chain(),
            )
        )
    else:
        read.bounds[key] = bound
        read.settings[name] = value


def _tags(
    renderer: Renderer, scope: Scope, written: Mapping[str, Leaf] | bool
) -> tuple[dict[Tag, str] | None, list[Problem]]:
    if isinstance(written, bool):
        return ({} if written else None), []
    tags: dict[Tag, str] = {}
    problems: list[Problem] = []
    for key, leaf in written.items():
        bound = renderer.evaluate(leaf, scope)
        problems += bound.problems
        if bound.broken or bound.value is None:
            continue
        text = bound.value if isinstance(bound.value, str) else show(bound.value)
        if 0 < len(text) <= m.MOST_TAG and all(letter.isprintable() for letter in text):
            tags[Tag(key)] = text
            continue
        problems.append(
            Problem(
                code="SF229",
                message=f"{key} is {'empty' if not text else 'too long, or not one line of text'}",
                mark=bound.mark or scope.cell.job.mark,
                path=leaf.path,
                allowed=f"one line of up to {m.MOST_TAG} characters",
                help="write null to leave it out" if not text else "shorten it to one line",
                origin=bound.chain(),
            )
        )
    return tags, problems


# ---------------------------------------------------------------- settings


def _within(bounds: tuple[float, float], units: Mapping[str, float], unit: str) -> Callable[[Json], float]:
    """Return the function that reads a number with its unit."""
    low, high = bounds
    allowed = f"{low:g} {unit} to {high:g} {unit}"

    def parse(value: Json) -> float:
        number = _number(value, units, allowed)
        if not low <= number <= high:
            raise _WrongError(
                allowed, f"write {high:g} {unit} or less" if number > high else f"write {low:g} {unit} or more"
            )
        return number

    return parse


def _number(value: Json, units: Mapping[str, float], allowed: str) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    found = _NUMBER.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None or found[2] not in units:
        raise _WrongError(allowed, f"write a number, alone or with its unit: {listing(unit for unit in units if unit)}")
    return round(float(found[1]) * units[found[2]], 6)


def _trim(value: Json) -> m.Trim:
    allowed = "silence, or [START, END] in seconds"
    if value == m.SILENCE:
        return m.SILENCE
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise _WrongError(allowed, nearest(value, (m.SILENCE,)) if isinstance(value, str) else None)
    parse = _within(m.TRIM_S, _SECONDS, "s")
    start, end = (parse(item) for item in value)
    if start >= end:
        raise _WrongError(allowed, "let it end later than it begins")
    return start, end


def _loop(value: Json) -> float | None:
    if isinstance(value, bool):
        return m.DEFAULT_CROSSFADE_S if value else None
    if isinstance(value, str) and value.lower() in {"true", "false"}:  # of a template
        return _loop(value.lower() == "true")
    if isinstance(value, dict):
        return _within(m.CROSSFADE_S, _SECONDS, "s")(value.get("crossfade", m.DEFAULT_CROSSFADE_S))
    raise _WrongError("true, false or {crossfade: SECONDS}")


def _length(value: Json) -> float:
    if value != "exact":
        raise _WrongError("exact", "to cut a part out, write trim: [START, END]")
    return 0.0


def _format(value: Json) -> Format:
    known = [item.value for item in Format]
    if value not in known:
        raise _WrongError(listing(known), nearest(value, known) if isinstance(value, str) else None)
    return Format(value)


def _rate(value: Json) -> int:
    allowed = listing(f"{rate} Hz" for rate in m.RATES)
    rate = _number(value, _HERTZ, allowed)
    if rate not in m.RATES:
        raise _WrongError(
            allowed, f"write {min(m.RATES, key=lambda known: abs(known - rate))} Hz, which is the nearest"
        )
    return int(rate)


def _channels(value: Json) -> int:
    if isinstance(value, bool | list | dict) or value not in _CHANNELS:
        raise _WrongError("1, 2, mono or stereo")
    return _CHANNELS[value]


def _quality(value: Json) -> int:
    allowed = "a whole number of bits or kbit/s"
    quality = _number(value, _QUALITY, allowed)
    if not quality.is_integer() or quality < 1:
        raise _WrongError(allowed)
    return int(quality)


_KEYS: Final[Mapping[str, tuple[str, Callable[[Json], Any]]]] = {
    "loudness": ("loudness_lufs", _within(m.LOUDNESS_LUFS, _LUFS, "LUFS")),
    "peak": ("peak_dbtp", _within(m.PEAK_DBTP, _DBTP, "dBTP")),
    "trim": ("trim", _trim),
    "fade_in": ("fade_in_s", _within(m.FADE_S, _SECONDS, "s")),
    "fade_out": ("fade_out_s", _within(m.FADE_S, _SECONDS, "s")),
    "length": ("exact_s", _length),
    "loop": ("loop_s", _loop),
    "rate": ("rate_hz", _rate),
    "channels": ("channels", _channels),
    "format": ("format", _format),
    "quality": ("quality", _quality),
}
"""Key of `master:` → the field of Mastering, and how its value is read."""


# ---------------------------------------------------------------- settings against each other


@dataclass(frozen=True, slots=True, kw_only=True)
class _Clash:
    key: str
    message: str
    allowed: str | None = None
    help: str


def _against(mastering: Mastering) -> list[_Clash]:
    """Return the settings that cannot be combined."""
    found: list[_Clash] = []
    form, quality, rate = mastering.format, mastering.quality, mastering.rate_hz
    if mastering.loop_s is not None:
        fade = "fade_in" if mastering.fade_in_s else "fade_out" if mastering.fade_out_s else None
        if fade is not None:
            message = f"loop and {fade} cannot be combined: the loop would be silent at its seam"
            found.append(_Clash(key=fade, message=message, help="leave out one of both"))
    loudness, peak = mastering.loudness_lufs, mastering.peak_dbtp
    if loudness is not None and peak is not None and loudness > peak:
        message = (
            f"a loudness of {loudness:g} LUFS is above the peak of {peak:g} dBTP, and no piece is louder than its peak"
        )
        found.append(_Clash(key="loudness", message=message, help="write a lower loudness, or a higher peak"))
    if quality is not None and form is None:
        message = "quality needs a format: it is bits a sample for wav and flac, kbit/s for the others"
        found.append(_Clash(key="quality", message=message, help="write the format, too"))
    elif quality is not None and form is not None and quality not in form.qualities:
        allowed = _qualities(form)
        found.append(
            _Clash(
                key="quality", message=f"{form} has no quality {quality}", allowed=allowed, help="choose another one"
            )
        )
    if form is not None and rate is not None and rate not in form.rates_hz:
        allowed = listing(f"{item} Hz" for item in form.rates_hz)
        found.append(
            _Clash(
                key="rate",
                message=f"{form} cannot have {rate} Hz",
                allowed=allowed,
                help="choose another rate or format",
            )
        )
    return found


def _qualities(form: Format) -> str:
    unit = "bit" if form.is_lossless else "kbps"
    known = form.qualities
    if isinstance(known, range):
        return f"{known[0]} to {known[-1]} {unit}"
    return f"{listing(str(item) for item in known)} {unit}"


def _placed(clash: _Clash, read: _Read, scope: Scope) -> Problem:
    bound = read.bounds[clash.key]
    return Problem(
        code="SF228",
        message=clash.message,
        mark=bound.mark or scope.cell.job.mark,
        path=bound.leaf.path if bound.leaf else (),
        allowed=clash.allowed,
        help=clash.help,
        origin=bound.chain(),
    )
