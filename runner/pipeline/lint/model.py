"""What a model will not do with what it is given: seeds, lengths, file endings, prices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from runner.pipeline.messages import listing
from runner.pipeline.paths import AUDIO_EXTENSIONS
from runner.records.media_types import EXTENSIONS
from runner.records.source import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.records.pipeline import Job, Pipeline
    from runner.records.request import LeftOut, Request
    from runner.records.source import DocPath, Mark

DURATIONS: Final = ("duration", "duration_s", "length", "seconds")
SEEDS: Final = ("seed",)

Found = tuple[str, str, Problem]
"""(job, subject, problem): one warning for each place and subject."""


def of_models(request: Request, job: Job, pipeline: Pipeline) -> Iterator[Found]:
    """Yield what the model of one request leaves without effect."""
    for item in request.left_out:
        if item.param in SEEDS and request.model.seed is None:
            message = "this seed has no effect where a model takes none"
            remedy = "give the seed to the jobs whose model takes one"
            yield _left_out(request, "SF601", message, item, remedy)
        elif item.param in DURATIONS and request.model.duration_param is None:
            message = f"this {item.param} has no effect where a model chooses its own length"
            remedy = "ask for the length in the prompt, or choose a model that takes one"
            yield _left_out(request, "SF604", message, item, remedy)
    yield from _seed(request)
    yield from _ending(request, job)
    yield from _price(request, pipeline)


def _left_out(request: Request, code: str, message: str, item: LeftOut, remedy: str) -> Found:
    """Say it once for a default, however many models leave it aside; the problem lists the jobs."""
    job, _, problem = _found(request, code, message, item.mark, ("defaults", "params", item.param), remedy)
    return job, item.param, problem


def _seed(request: Request) -> Iterator[Found]:
    seed = request.model.seed
    if seed is None or request.seed_mode != "fixed":
        return
    value = request.params.get(seed.param)
    origin = request.origins.get(seed.param)
    if not isinstance(value, int) or origin is None:
        return
    path: DocPath = ("jobs", request.group, "params", seed.param)
    if seed.reproduces == "no":
        message = f"{request.model.id} makes something else each time, whatever the seed"
        yield _found(request, "SF601", message, origin.mark, path, "take it out, and keep the takes that are good")
    elif value < seed.minimum:  # `maximum` is as far as `auto` draws; what a model takes, its schema says
        message = f"the seed {value} pins nothing: {request.model.id} draws one of its own"
        remedy = f"write seed: random to draw one that the lock keeps, or one from {seed.minimum} to {seed.maximum}"
        yield _found(request, "SF601", message, origin.mark, path, remedy)


def _ending(request: Request, job: Job) -> Iterator[Found]:
    """Compare the ending that `output` is written with to what the model makes."""
    leaf = job.output
    if leaf is None or not isinstance(leaf.value, str):
        return
    ending = next((ending for ending in AUDIO_EXTENSIONS if leaf.value.casefold().endswith(ending)), None)
    made = _endings(request)
    if ending is not None and made and ending not in made:
        message = f"the output ends in {ending}, and {request.model.id} makes {made[0]} here"
        remedy = "leave the ending out: it follows the audio's real format"
        problem = Problem(
            code="SF607",
            message=message,
            mark=leaf.mark,
            path=leaf.path,
            allowed=listing(made),
            help=remedy,
            severity="warning",
        )
        yield request.job, request.model.id, problem


def _endings(request: Request) -> list[str]:
    model = request.model
    if model.format_param is not None and model.format_param in model.params:
        chosen = request.params.get(model.format_param, model.params[model.format_param].default)
        if isinstance(chosen, str):
            return [f".{chosen}"]
    return [EXTENSIONS[kind] for kind in model.media_types if kind in EXTENSIONS]


def _price(request: Request, pipeline: Pipeline) -> Iterator[Found]:
    if pipeline.budget_usd is None:
        return
    price = request.price
    is_open = price.per == "minute" and request.model.duration_param not in request.params and price.max_minutes is None
    if price.usd is None or is_open:
        what = "price" if price.usd is None else "longest length, and so its worst price,"
        message = (
            f"the budget is ${pipeline.budget_usd}, and the {what} of {request.model.id} is unknown: run will refuse"
        )
        fill = "per_request: 0.01" if price.usd is None else f"per_minute: {price.usd}, max_minutes: 5"
        remedy = f"write it: prices: {{{request.model.id}: {{{fill}}}}}"
        mark = pipeline.marks.get(("budget",), request.mark)
        problem = Problem(code="SF611", message=message, mark=mark, path=("budget",), help=remedy, severity="warning")
        yield request.job, request.model.id, problem


def _found(request: Request, code: str, message: str, mark: Mark | None, path: DocPath, remedy: str) -> Found:
    problem = Problem(code=code, message=message, mark=mark or request.mark, path=path, help=remedy, severity="warning")
    return request.job, request.model.id, problem
