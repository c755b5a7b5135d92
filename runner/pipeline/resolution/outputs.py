"""Choose the output of each request, and check that no two requests share one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from runner.diagnostics.messages import listing, show
from runner.pipeline.paths import fold, normal, output_problem, without_audio_extension
from runner.records.pipeline import Layer, Leaf, Text
from runner.records.source import Mark, Problem, Step

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from runner.pipeline.templates.bound import Bound
    from runner.pipeline.templates.render import Renderer
    from runner.pipeline.templates.scope import Scope
    from runner.records.pipeline import Pipeline
    from runner.records.request import Request

OUTPUT: Final = "audio/{{ job.id }}"
HERE: Final = Mark(file="", line=1, column=1)
DEFAULT: Final = Leaf(
    value=OUTPUT,
    path=("defaults", "output"),
    layer=Layer.MODEL,
    texts={(): Text(mark=HERE, raw=OUTPUT, style="plain")},
)


def read_output(
    pipeline: Pipeline, renderer: Renderer, scope: Scope, own_files: frozenset[str]
) -> tuple[str | None, Bound | None, list[Problem]]:
    """Return the path without an audio extension, its origin, and its problems."""
    leaf = scope.cell.job.output or DEFAULT
    bound = renderer.evaluate(leaf, scope)
    if bound.broken:
        return None, None, list(bound.problems)
    path = bound.value if isinstance(bound.value, str) else str(bound.value)
    wrong = output_problem(path, own_files, pipeline.below)
    if wrong is None:
        return without_audio_extension(normal(path)), bound, []
    tree = "git work tree" if pipeline.below else "pipeline's folder"
    problem = Problem(
        code="SF501",
        message=f"the output {show(path)} {wrong}",
        mark=bound.mark or scope.cell.job.mark,
        path=leaf.path,
        allowed=f"a path inside the {tree}, with / between folders",
        help=f"write a path such as {OUTPUT}" if leaf is not DEFAULT else "give the job an output of its own",
        origin=bound.chain() if leaf is not DEFAULT else (),
    )
    return None, None, [problem]


def clashes(requests: Sequence[Request], bounds: Mapping[str, Bound]) -> Iterator[Problem]:
    """Yield a problem for each output that several requests write; its `cells` are their ids."""
    by_path: dict[str, list[Request]] = {}
    for request in requests:
        if request.output is not None:
            by_path.setdefault(fold(request.output), []).append(request)
    for group in by_path.values():
        if len(group) > 1:
            first, last = group[0], group[-1]
            names = listing(request.job for request in group)
            mark, other = (bounds[request.job].mark or request.mark for request in (last, first))
            twin = (
                ""
                if last.output == first.output
                else f" ({first.output} and {last.output} are one file on some systems)"
            )
            problem = Problem(
                code="SF502",
                message=f"{names} write the same file: {last.output}{twin}",
                mark=mark,
                path=("jobs", last.group, "output"),
                help="put {{ job.id }} or an axis into output",
                origin=() if other == mark else (Step(text=f"{first.job} writes {first.output}", mark=other),),
                cells=tuple(request.job for request in group),
            )
            yield problem
