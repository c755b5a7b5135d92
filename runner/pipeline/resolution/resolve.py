"""Cells + catalog → Requests: exactly what would be sent, every value with its origin, all problems at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from runner.diagnostics.collector import Collector
from runner.diagnostics.messages import listing, nearest, show
from runner.diagnostics.secrets import without_keys
from runner.frozen import replace
from runner.pipeline.paths import own_files
from runner.pipeline.resolution.expectations import unmeetable
from runner.pipeline.resolution.exposed import Secrets
from runner.pipeline.resolution.finishing import exact, read_finishing
from runner.pipeline.resolution.inputs import read_inputs
from runner.pipeline.resolution.outputs import clashes, read_output
from runner.pipeline.resolution.params import Chosen, Parameters
from runner.pipeline.resolution.take import read_take
from runner.pipeline.resolution.webhooks import address_problem
from runner.pipeline.shape.needs import group_of, in_order
from runner.pipeline.shape.recovery import is_consequence
from runner.pipeline.templates.bound import Origins
from runner.pipeline.templates.group import Group
from runner.pipeline.templates.render import Renderer
from runner.pipeline.templates.scope import Scope
from runner.records.address import hide_users
from runner.records.pipeline import Cell, Webhook
from runner.records.request import Request
from runner.records.source import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from runner.pipeline.templates.bound import Bound
    from runner.records.catalog import Model
    from runner.records.pipeline import Job, Leaf, Pipeline
    from runner.records.provider import Provider
    from runner.records.request import Input


class Catalog(Protocol):
    """What resolving needs of the catalog."""

    @property
    def models(self) -> Mapping[str, Model]: ...
    @property
    def providers(self) -> Mapping[str, Provider]: ...


def resolve(
    pipeline: Pipeline,
    cells: Sequence[Cell],
    catalog: Catalog,
    *,
    env: Mapping[str, str],
    overrides: Mapping[str, str | Leaf],
    read_text: Callable[[str], str],
) -> tuple[tuple[Request, ...], tuple[Problem, ...]]:
    """Return a Request for each cell without problems, in the order of `cells`, and every problem once.

    `read_text` takes a path relative to the pipeline's folder; it raises FileNotFoundError, another OSError or a
    ValueError whose message says what is wrong.
    """
    secrets = Secrets(pipeline, catalog.providers, env)
    renderer = Renderer(pipeline, env=secrets.visible(), overrides=overrides, read_text=read_text)
    run = _Run(pipeline, catalog, renderer, cells)
    found: dict[str, Request] = {}
    for job in in_order(pipeline.jobs):
        found |= run.job(job)
    requests = tuple(found[cell.id] for cell in cells if cell.id in found)
    marked = {cell.id: cell for cell in cells}
    for request, problem in secrets.carried(requests):
        run.report((problem,), marked[request.job])
    for problem in clashes(requests, run.output_bounds):
        for cell_id in problem.cells:
            run.report((problem,), marked[cell_id])
    problems = (*_strangers(pipeline, catalog), *secrets.refused(), *run.collector.result())
    return requests, tuple(secrets.without(without_keys(problem)) for problem in problems)


class _Run:
    """The state of one resolve: finished requests, and problems."""

    def __init__(self, pipeline: Pipeline, catalog: Catalog, renderer: Renderer, cells: Sequence[Cell]) -> None:
        self.pipeline = pipeline
        self.catalog = catalog
        self.renderer = renderer
        self.collector = Collector()
        self.finished: dict[str, Group] = {}
        self.parameters = Parameters(pipeline, renderer)
        self.own_files = own_files(pipeline.file)
        self.output_bounds: dict[str, Bound] = {}
        self.cells: dict[str, list[Cell]] = {}
        self.ids: dict[str, dict[str, None]] = {}
        self.needs: dict[tuple[str, ...], tuple[str, ...]] = {}
        self.unsure = {job.name for job in pipeline.jobs if job.unusable}
        for cell in cells:
            self.cells.setdefault(cell.job.name, []).append(cell)
            self.ids.setdefault(cell.job.name, {})[cell.id] = None

    def report(self, problems: Iterable[Problem], cell: Cell) -> None:
        """Note problems that `cell` has."""
        for problem in problems:
            self.collector.add(problem, cell.id if cell.values else None)

    def job(self, job: Job) -> dict[str, Request]:
        """Resolve every cell of one job, whose needs are finished."""
        cells = self.cells.get(job.name, [])
        needs, wrong = self._needs(job)
        requests: dict[str, Request] = {}
        shared = {} if job.vars or job.axes or job.include else self.renderer.shared
        for cell in cells:
            self.report(wrong, cell)
            scope = Scope(self.renderer, cell, self.finished, shared)
            request = self._cell(scope, needs)
            scope.bounds.clear()  # its views know the scope: without this circle it is freed at once
            if request is not None:
                requests[cell.id] = request
        self.finished[job.name] = Group(job.name, requests, broken=len(requests) < len(cells) or not cells)
        return requests

    def _needs(self, job: Job) -> tuple[tuple[str, ...], list[Problem]]:
        """Resolve groups to the ids of their cells: the same for all jobs that need the same."""
        if job.needs in self.needs:
            return self.needs[job.needs], []
        ids: dict[str, None] = {}
        wrong: list[Problem] = []
        for index, need in enumerate(job.needs):
            known = self.ids.get(group_of(need), {})
            if need in known:
                ids[need] = None
            elif need == group_of(need) or group_of(need) in self.unsure:
                ids |= known
            else:
                mark = job.marks.get(f"needs.{index}", job.marks.get("needs", job.mark))
                message = f"{job.name} needs {need}, and {group_of(need)} has no such cell"
                wrong.append(
                    Problem(
                        code="SF207",
                        message=message,
                        mark=mark,
                        allowed=listing(known),
                        help=nearest(need, known) or f"write {group_of(need)} to need all its cells",
                    )
                )
        if not wrong:
            self.needs[job.needs] = tuple(ids)
        return tuple(ids), wrong

    def _cell(self, scope: Scope, needs: tuple[str, ...]) -> Request | None:
        cell, job = scope.cell, scope.cell.job
        output, output_bound, problems = read_output(self.pipeline, self.renderer, scope, self.own_files)
        model, model_problems = self._model(scope)
        webhook, webhook_problems = self._webhook(scope, model)
        take, take_problems = read_take(self.renderer, scope)
        finishing, finishing_problems = read_finishing(self.renderer, scope)
        problems += webhook_problems + model_problems + take_problems + finishing_problems
        chosen: Chosen | None = None
        if model is not None:
            chosen = self.parameters.choose(model, scope)
            problems += chosen.problems
            problems += unmeetable(job, model, chosen.params)
            if finishing is not None and not chosen.problems and not chosen.broken:
                finishing, wrong = exact(finishing, model.seconds(chosen.params), scope)
                problems += wrong
        else:
            problems += self.parameters.problems(scope)
        inputs, input_problems = self._inputs(model, chosen, job, needs)
        problems += input_problems
        if problems:
            self.report([problem for problem in problems if not is_consequence(problem, job.unusable)], cell)
        if (
            problems
            or job.unusable
            or model is None
            or chosen is None
            or chosen.broken
            or output is None
            or output_bound is None
        ):
            return None
        self.output_bounds[cell.id] = output_bound
        return Request(
            job=cell.id,
            group=job.name,
            model=model,
            params=chosen.params,
            seed_mode=chosen.seed_mode,
            output=output,
            take=take,
            takes=chosen.takes,
            mark=job.mark,
            origins=Origins(chosen.origins),
            needs=needs,
            labels=job.labels,
            finishing=finishing,
            retries=job.retries,
            timeout_s=job.timeout_s,
            on_unknown=job.on_unknown,
            webhook=webhook,
            expect=job.expect,
            rerolls=job.rerolls,
            price=self.pipeline.prices.get(model.id, model.price),
            left_out=chosen.left_out,
            inputs=inputs,
            pipeline=self.pipeline.name,
        )

    def _inputs(
        self, model: Model | None, chosen: Chosen | None, job: Job, needs: tuple[str, ...]
    ) -> tuple[tuple[Input, ...], list[Problem]]:
        if model is None or chosen is None or chosen.problems or not model.runs_here or model.inputs_param is None:
            return (), []
        bound = chosen.bounds.get(model.inputs_param)
        if bound is None:
            return (), []
        return read_inputs(bound, needs, written=job.needs, ids=self.ids)

    def _model(self, scope: Scope) -> tuple[Model | None, list[Problem]]:
        job = scope.cell.job
        if job.model is None:
            message, remedy = f"{job.name} has no model", "write `model:` in the job, or in defaults for all jobs"
            return None, [Problem(code="SF409", message=message, mark=job.mark, path=("jobs", job.name), help=remedy)]
        bound = self.renderer.evaluate(job.model, scope)
        if bound.broken:
            return None, list(bound.problems)
        model = self.catalog.models.get(bound.value) if isinstance(bound.value, str) else None
        if model is not None:
            return model, []
        known = list(self.catalog.models)
        problem = Problem(
            code="SF408",
            message=f"there is no model {bound.value if isinstance(bound.value, str) else show(bound.value)}",
            mark=bound.mark,
            path=job.model.path,
            allowed=listing(known),
            help=nearest(str(bound.value), known) or "`scorefile models` lists them",
            origin=bound.chain(),
        )
        return None, [problem]

    def _webhook(self, scope: Scope, model: Model | None) -> tuple[Webhook | None, list[Problem]]:
        written = scope.cell.job.webhook
        if written is None:
            return None, []
        bounds = {key: self.renderer.evaluate(leaf, scope) for key, leaf in written.items()}
        wrong = [problem for bound in bounds.values() for problem in bound.problems]
        url = bounds["url"]
        bad_url = address_problem(url.value, self.catalog.providers.get(model.provider) if model else None)
        if not wrong and not url.broken and bad_url is not None:
            origin = tuple(replace(step, text=hide_users(step.text)) for step in url.chain())
            wrong = [Problem(code="SF222", mark=url.mark, origin=origin, **bad_url._asdict())]
        if wrong or url.broken:
            return None, wrong
        return Webhook(url=url.value, mode=bounds["mode"].value if "mode" in bounds else None), []


def _strangers(pipeline: Pipeline, catalog: Catalog) -> list[Problem]:
    """Report prices of unknown models and settings of unknown providers: they would have no effect."""
    blocks: list[tuple[str, str, Mapping[str, object], Mapping[str, object]]] = [
        ("prices", "SF408", pipeline.prices, catalog.models),
        ("providers", "SF411", pipeline.providers, catalog.providers),
    ]
    return [
        Problem(
            code=code,
            message=f"there is no {'model' if block == 'prices' else 'provider'} {name}",
            mark=pipeline.marks.get((block, name)),
            path=(block, name),
            allowed=listing(known),
            help=nearest(name, known) or "remove it, or write its file under schemas/",
        )
        for block, code, named, known in blocks
        for name in named
        if name not in known
    ]
