"""An output with the extension of a format that the model does not make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from runner.diagnostics.messages import listing
from runner.frozen import replace
from runner.pipeline.lint.context import once_a_place, warn
from runner.pipeline.paths import AUDIO_EXTENSIONS
from runner.records.media_types import EXTENSIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.pipeline.lint.context import LintContext, Warned
    from runner.records.pipeline import Job
    from runner.records.request import Request
    from runner.records.source import Problem

CODES: Final = ("SF607",)


def check(context: LintContext) -> Iterator[Problem]:
    """Yield outputs written with another extension than the audio will have."""
    return once_a_place(warned for request, job in context.jobs() for warned in _of_request(request, job))


def _of_request(request: Request, job: Job) -> Iterator[Warned]:
    leaf = job.output
    if leaf is None or not isinstance(leaf.value, str):
        return
    written = leaf.value.casefold()
    if not written.endswith(AUDIO_EXTENSIONS):
        return
    extension = next(extension for extension in AUDIO_EXTENSIONS if written.endswith(extension))
    made = _extensions(request)
    if made and extension not in made:
        is_finished = request.finishing is not None and request.finishing.mastering.format is not None
        maker = "master" if is_finished else request.model.id
        message = f"the output ends in {extension}, and {maker} makes {made[0]} here"
        remedy = "leave the extension out: it follows the audio's real format"
        found = warn(request, "SF607", message, remedy, mark=leaf.mark, path=leaf.path)
        yield replace(found, problem=replace(found.problem, allowed=listing(made)))


def _extensions(request: Request) -> list[str]:
    model, finishing = request.model, request.finishing
    if finishing is not None and finishing.mastering.format is not None:
        return [f".{finishing.mastering.format}"]
    if model.format_param is not None and model.format_param in model.params:
        chosen = request.params.get(model.format_param, model.params[model.format_param].default)
        if isinstance(chosen, str):
            return [f".{chosen}"]
    return [EXTENSIONS[kind] for kind in model.media_types if kind in EXTENSIONS]
