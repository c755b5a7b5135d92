"""Requests as they would be sent, and where each value comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.frozen import dataclass
from runner.report.expectations import expected_data
from runner.report.numbers import count, short
from runner.report.problems import mark_data
from runner.report.style import clean, paint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.records.pipeline import Origin
    from runner.records.request import Request
    from runner.records.source import Json
    from runner.report.records import Style

_SHOWN = 400
"""How much of a value is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderReport:
    """The requests of some jobs; `origins` says where each value comes from, and what was left out."""

    requests: tuple[Request, ...]
    origins: bool = False
    verb: str = "render"
    exit_code: int = 0

    def data(self) -> dict[str, Json]:
        """Return everything, as data."""
        return {"requests": [_data(request, origins=self.origins) for request in self.requests]}

    def text(self, style: Style) -> str:
        """Return each request with its parameters; with `style.quiet`, how many there are."""
        if style.quiet:
            return count(len(self.requests), "request")
        return "\n\n".join("\n".join(self._lines(request, style)) for request in self.requests)

    def messages(self, style: Style) -> str:
        """Return nothing for stderr."""
        del style
        return ""

    def _lines(self, request: Request, style: Style) -> Iterator[str]:
        yield f"{paint(clean(request.job), 'strong', on=style.color)}  {clean(request.model.id)} → {clean(request.output or '')}"
        for name, value in sorted(request.params.items()):
            origin = request.origins.get(name) if self.origins else None
            yield f"  {clean(name)}: {clean(short(value, _SHOWN))}" + (
                f"  ← {clean(origin_text(origin))}" if origin else ""
            )
        seed = request.model.seed
        if request.seed_mode == "random" and seed and seed.param not in request.params:
            yield f"  {seed.param}: drawn when it is made, then kept by the lock"
        if request.finishing is not None:
            for name, told in request.finishing.as_json().items():
                if told is not None:
                    yield f"  {name}: {clean(short(told, _SHOWN))}"
        for name, expected in expected_data(request.expect).items():
            yield clean(f"  expect {name}: {', '.join(map(str, expected)) if isinstance(expected, list) else expected}")
        if self.origins:
            for item in request.left_out:
                yield clean(f"  ({item.param} left out: {item.why})")


def origin_text(origin: Origin) -> str:
    """Return where a value comes from: its layer, its place, the template, what that used."""
    place = f" {origin.mark}" if origin.mark else ""
    source = f"  {origin.source!r}" if origin.source else ""
    steps = "".join(f" ← {step.text}" + (f" {step.mark}" if step.mark else "") for step in origin.steps)
    return f"{origin.layer.name.lower()}{place}{source}{steps}"


def _data(request: Request, *, origins: bool) -> dict[str, Json]:
    data: dict[str, Json] = {
        "job": request.job,
        "model": request.model.id,
        "params": dict(request.params),
        "seed": request.seed_mode,
        "output": request.output,
        "take": request.take,
        "needs": list(request.needs),
        "labels": list(request.labels),
        "finishing": None if request.finishing is None else request.finishing.as_json(),
        "expect": expected_data(request.expect),
    }
    if origins:
        data["origins"] = {
            name: {
                "layer": origin.layer.name.lower(),
                "place": mark_data(origin.mark),
                "source": origin.source,
                "steps": [{"text": step.text, "place": mark_data(step.mark)} for step in origin.steps],
            }
            for name, origin in sorted(request.origins.items())
        }
        data["left_out"] = [
            {"param": item.param, "why": item.why, "place": mark_data(item.mark)} for item in request.left_out
        ]
    return data
