"""Text → Requests: a pipeline read, checked and resolved, or every problem of it at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from runner.errors import InvalidFilesError
from runner.frozen import dataclass, replace
from runner.pipeline.paths import without_parents
from runner.records.source import Mark, Problem
from runner.state.files.processes import cpu_limit, without_collecting
from runner.state.finding import folders_below
from runner.state.schemas import read_schema
from runner.state.texts import read_include, read_pipeline, read_text, read_vars

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from runner.catalog.models import Catalog
    from runner.commands.options import CommandOptions
    from runner.commands.pick_problems import LockFile
    from runner.records.pipeline import Leaf, Pipeline
    from runner.records.request import Request
    from runner.state.project import Project


LEAST_S, CELLS_PER_S = 1.0, 200
"""How long the jobs may take to be checked, in seconds of processor time: a pattern of a model file may never end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A pipeline without errors: its requests in the order of the file, and its warnings."""

    pipeline: Pipeline
    requests: tuple[Request, ...]
    warnings: tuple[Problem, ...]
    files: tuple[Path, ...] = ()
    """Every file that was read for it."""


def check(project: Project, catalog: Catalog, options: CommandOptions, lock: LockFile) -> Checked:
    """Read a pipeline and resolve every request. Raises InvalidFilesError with every problem."""
    with without_collecting():
        return _checked(project, catalog, options, lock)


def _checked(project: Project, catalog: Catalog, options: CommandOptions, lock: LockFile) -> Checked:
    from runner.commands.pick_problems import pick_problems
    from runner.diagnostics.order import by_place
    from runner.pipeline.lint import LintContext, lint
    from runner.pipeline.resolution.expand import expand
    from runner.pipeline.resolution.exposed import naming_variable
    from runner.pipeline.resolution.inputs import hash_files
    from runner.pipeline.resolution.resolve import resolve
    from runner.pipeline.shape.include import with_included
    from runner.pipeline.shape.load import load
    from runner.pipeline.yaml.document import parse

    schema, files = read_schema("pipeline.schema.json"), [project.file, *map(Path, options.var_files)]

    def noted(path: str) -> str:
        files.append(project.folder / path)
        return path

    document, wrong = with_included(
        parse(read_pipeline(project), project.shown),
        schema=schema,
        read=lambda path: read_include(project.folder, noted(path)),
    )
    overrides, more_wrong = _overrides(options)
    if wrong or more_wrong:
        raise InvalidFilesError(by_place((*document.problems, *wrong, *more_wrong)))
    pipeline, problems = load(document, schema=schema, profile=options.profile, overrides=overrides)
    problems = tuple(naming_variable(problem, catalog.providers) for problem in problems)
    if pipeline is None:
        raise InvalidFilesError(by_place(problems))
    pipeline = replace(pipeline, below=folders_below(project.folder))
    cells, more = expand(pipeline)
    seconds = LEAST_S + len(cells) / CELLS_PER_S
    try:
        with cpu_limit(seconds):
            requests, rest = resolve(
                pipeline,
                cells,
                catalog,
                env=options.env,
                overrides=overrides,
                read_text=lambda path: read_text(project.folder, noted(path)),
            )
    except TimeoutError as error:
        raise InvalidFilesError((out_of_time(error, seconds, project.shown),)) from error

    def hashed(names: Collection[str]) -> Mapping[str, str | OSError | ValueError]:
        from runner.audio.tasks import check_audio
        from runner.state.input_files import hash_inputs

        return hash_inputs(project.folder, [*map(noted, names)], state=project.state, check=check_audio)

    requests, bad_files = hash_files(requests, hashed)
    found = problems + more + rest + bad_files
    context = LintContext(
        document=document,
        pipeline=pipeline,
        requests=requests,
        providers=catalog.providers,
        is_whole=not found,
    )
    found = by_place(found + lint(context) + pick_problems(project, lock))
    if any(problem.severity == "error" for problem in found):
        raise InvalidFilesError(found)
    if project.rehearsal:
        requests = tuple(map(_rehearsed, requests))
    return Checked(pipeline=pipeline, requests=requests, warnings=found, files=tuple(files))


def out_of_time(error: TimeoutError, seconds: float, file: str) -> Problem:
    """Return the problem that files of the project take too long to be checked; `error` says which rules."""
    rules = str(error) if str(error).startswith("the rules") else f"the checks of {file}"
    return Problem(
        code="SF301",
        message=f"{rules} take more than {seconds:g} s of processor time",
        mark=Mark(file=rules.rpartition(" ")[2], line=1, column=1),
        help="simplify the patterns there: a repetition inside a repetition, as in (a+)+, may take for ever",
    )


def _rehearsed(request: Request) -> Request:
    """Return a request whose output stays in the folder of its rehearsal: folders above are stand-ins there."""
    above, rest = without_parents(request.output or "")
    return replace(request, output=f"{'above/' * above}{rest}") if above else request


def _overrides(options: CommandOptions) -> tuple[dict[str, str | Leaf], tuple[Problem, ...]]:
    """Return what the command line says of vars, a later --var-file over an earlier one and --var over all."""
    from runner.pipeline.shape.merge import Merged
    from runner.pipeline.yaml.document import parse
    from runner.records.pipeline import Layer

    overrides: dict[str, str | Leaf] = {}
    problems: list[Problem] = []
    for file in options.var_files:
        document = parse(read_vars(file), file)
        problems += document.problems
        values = Merged(document=document, data=document.data or {})
        overrides |= {name: values.leaf((name,), value, Layer.VAR) for name, value in values.data.items()}
    return overrides | dict(options.vars), tuple(problems)
