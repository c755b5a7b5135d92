"""scorefile render"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from runner.cli import arguments, options
from runner.cli.show import print_out, style_for
from runner.report.style import clean, paint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.records.pipeline import Origin
    from runner.records.request import Request


@click.command("render")
@options.words
@options.profile
@options.variables
@options.choosing
@options.output_format
@click.option("--origins", is_flag=True, help="Say where each value comes from, and what was left out.")
def command(words: tuple[str, ...], *, format_: str, origins: bool, failed: bool, **rest: Any) -> None:
    """Show the requests as they would be sent."""
    from runner.cli.show import print_json
    from runner.commands.workflow import check, only_failed
    from runner.plan.selection import select

    ask = arguments.ask_from(words, **rest)
    checked = check(ask)
    chosen = select(checked.requests, (only_failed(ask, checked) if failed else ask).wanted)
    requests = [request for request in checked.requests if chosen is None or request.job in chosen]
    if format_ == "json":
        print_json({"command": "render", "requests": [_json(request, origins=origins) for request in requests]})
        return
    print_out("\n".join(line for request in requests for line in _lines(request, origins=origins)))


def _lines(request: Request, *, origins: bool) -> Iterator[str]:
    """Yield what people read of one request, an empty line last."""
    yield f"{paint(clean(request.job), 'strong', on=style_for(sys.stdout).color)}  {request.model.id} → {clean(str(request.output))}"
    for name, value in sorted(request.params.items()):
        origin = request.origins.get(name) if origins else None
        yield clean(f"  {name}: {_value(value)}" + (f"  ← {_from(origin)}" if origin else ""))
    if request.seed_mode == "random" and request.model.seed and request.model.seed.param not in request.params:
        yield f"  {request.model.seed.param}: drawn when it is made, then kept by the lock"
    if origins:
        for item in request.left_out:
            yield clean(f"  ({item.param} left out: {item.why})")
    yield ""


def _value(value: object) -> str:
    from runner.cli.show import short

    return short(value, 400)


def _from(origin: Origin) -> str:
    place = f" {origin.mark}" if origin.mark else ""
    source = f"  {origin.source!r}" if origin.source else ""
    steps = "".join(f" ← {step.text}" + (f" {step.mark}" if step.mark else "") for step in origin.steps)
    return f"{origin.layer.name.lower()}{place}{source}{steps}"


def _json(request: Request, *, origins: bool) -> dict[str, Any]:
    from runner.report.problems import mark_data

    data: dict[str, Any] = {
        "job": request.job,
        "model": request.model.id,
        "params": dict(request.params),
        "seed": request.seed_mode,
        "output": request.output,
        "take": request.take,
        "needs": list(request.needs),
        "labels": list(request.labels),
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
